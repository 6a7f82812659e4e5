"""Pages and assets come from the bucket, by way of all four functions."""

from __future__ import annotations


def contract(shop) -> None:
    """Each function makes its log group where it runs, and writes to it."""
    fill(shop)
    site = shop.distribution("Site")

    page, asset = site.get("/"), site.get("/assets/site.css")

    assert (200, 200) == (page.status, asset.status)
    assert page.text in {"home a", "home b"}
    assert "body {}" == asset.text


def fill(shop) -> None:
    """Two variants of two pages, and an asset."""
    for variant in ("a", "b"):
        shop.bucket("Pages").put(f"{variant}/index.html", f"home {variant}")
        shop.bucket("Pages").put(f"{variant}/about/index.html", f"about {variant}")
    shop.bucket("Pages").put("assets/site.css", "body {}")
