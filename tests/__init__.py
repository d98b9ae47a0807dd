from . import (
    test_address,
    test_cancel,
    test_changes,
    test_import,
    test_lines,
    test_pending,
    test_quota,
    test_res_partner,
    test_shipped,
    test_totals,
    test_tours,
    test_views,
)
