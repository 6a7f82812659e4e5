"""Items, pages and images come by the load balancer."""

from __future__ import annotations

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def contract(shop) -> None:
    """Listing the bucket is what makes an image that is not there a 404."""
    fill(shop)
    put_image(shop, "b-1", PIXEL)
    web = shop.load_balancer("Web")

    listed = web.get("/items", query={"category": "books"})
    shown, image = web.get("/items/b-1"), web.get("/items/b-1/image")
    missing = web.get("/items/b-2/image")

    assert 5 == len(listed.json()["items"])
    assert (200, "Bücher") == (shown.status, shown.json()["name"])
    assert (200, PIXEL) == (image.status, image.body)
    assert 404 == missing.status


def fill(shop) -> None:
    """There are five books."""
    for number in range(5):
        shop.table("Items").put(item(number))


def item(number: int, category: str = "books") -> dict:
    return {
        "item_id": f"{category[0]}-{number}",
        "category": category,
        "name": "Bücher",
        "price": "9.95",
    }


def put_image(shop, item_id: str, content: bytes) -> None:
    shop.account.client("s3").put_object(
        Bucket=shop.physical_id("Images"),
        Key=f"images/{item_id}",
        Body=content,
        ContentType="image/png",
    )
