from . import main, papers
