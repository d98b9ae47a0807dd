"""How several papers become one that is printed."""

from io import BytesIO

from odoo.tools.pdf import PdfFileReader, PdfFileWriter
from PIL import Image

# Where a picture does not say how large it is: labels are 4 inches wide.
LABEL_INCHES = 4
RESOLUTIONS = range(72, 1201)


def one_pdf(contents):
    """Put papers behind one another.

    :param list contents: bytes of PNG or PDF.
    :rtype: bytes
    :raise Exception: one of them is neither, or broken.
    """
    writer = PdfFileWriter()
    for content in contents:
        page = content if content.startswith(b"%PDF") else _page(content)
        writer.appendPagesFromReader(PdfFileReader(BytesIO(page), strict=False))
    result = BytesIO()
    writer.write(result)
    return result.getvalue()


def _page(picture):
    """Return a picture as a page of its own size."""
    result = BytesIO()
    with Image.open(BytesIO(picture), formats=["PNG"]) as image:
        said = round(image.info.get("dpi", (0, 0))[0])
        resolution = said if said in RESOLUTIONS else min(image.size) / LABEL_INCHES
        image.convert("L" if image.mode in ("1", "L") else "RGB").save(result, "PDF", resolution=resolution)
    return result.getvalue()
