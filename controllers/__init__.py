from . import health, main, papers
