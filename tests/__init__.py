from . import test_address, test_import, test_quota, test_res_partner, test_totals
