from . import amazon_import
