from . import (
    test_address,
    test_cancel,
    test_changes,
    test_import,
    test_lines,
    test_offers,
    test_pending,
    test_phases,
    test_quota,
    test_res_partner,
    test_shipped,
    test_totals,
)
