"""What the viewer of a page in a browser knows and shows."""

import json


def data(browser):
    return json.loads(browser.run("return document.getElementById('data').textContent"))["sets"]


def order(browser):
    """Names of the images in the strip."""
    return browser.run("return [...document.querySelectorAll('#strip button')].map((one) => one.title)")


def of(own, kind, metric):
    """Image -> value of a method."""
    (column,) = [column for column in own["columns"] if column["kind"] == kind]
    return {image["name"]: value for image, value in zip(own["images"], column["values"][metric], strict=True)}
