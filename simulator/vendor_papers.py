"""What Amazon prints for vendors: labels as PNG or ZPL, packing slips and invoices as PDF. None of it is for people."""

import base64
import hashlib
import struct
import zlib

WIDTH, HEIGHT = 812, 1218  # 4 x 6 inches at 203 dpi
PNG_START = b"\x89PNG\r\n\x1a\n"


def label(number, package, label_format, least=0):
    """A parcel's label in base64.

    :param least: bytes that it has at least
    """
    tracking = package["trackingNumber"]
    content = png(tracking, least) if label_format == "PNG" else zpl(number, package, least)
    return base64.b64encode(content).decode()


def png(text, least=0):
    """A picture of bars that come of the text."""
    bars = hashlib.sha256(text.encode()).digest()
    row = b"\0" + (bars * (WIDTH // 8 // len(bars) + 1))[: (WIDTH + 7) // 8]
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 1, 0, 0, 0, 0)
    filling = chunk(b"siMu", b"\0" * least) if least else b""
    return PNG_START + chunk(b"IHDR", header) + filling + chunk(b"IDAT", zlib.compress(row * HEIGHT)) + chunk(b"IEND")


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zpl(number, package, least=0):
    tracking, method = package["trackingNumber"], package["shipMethod"]
    lines = (f"^FO50,50^A0N,40^FD{number}^FS", f"^FO50,120^BCN,150^FD{tracking}^FS", f"^FO50,320^A0N,30^FD{method}^FS")
    text = "^XA\n" + "\n".join(lines) + "\n"
    return (text + "^FX" + "." * max(0, least - len(text)) + "^FS\n^XZ\n").encode()


def pdf(*lines):
    """A page with lines of ASCII, in base64."""
    shown = "".join(f"({line.translate(ESCAPED)}) Tj T* " for line in lines)
    text = f"BT /F1 12 Tf 14 TL 50 780 Td {shown}ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    )
    document, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(document))
        document += f"{number} 0 obj\n{content}\nendobj\n"
    entries = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    document += (
        f"xref\n0 {count}\n0000000000 65535 f \n{entries}trailer\n<< /Size {count} /Root 1 0 R >>\n"
        f"startxref\n{len(document)}\n%%EOF\n"
    )
    return base64.b64encode(document.encode("ascii", "replace")).decode()


ESCAPED = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})
