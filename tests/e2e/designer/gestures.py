"""What a person's hands do in the designer, each gesture only when the canvas stands still."""

from __future__ import annotations

from itertools import count

from playwright.sync_api import FloatRect, Locator, Page, expect

NUMBERS = count(1)
FRAMES = 40
STILL = """(frames) => new Promise((done) => {
  const places = () => [...document.querySelectorAll(".react-flow__viewport, .react-flow__node")]
    .map((element) => { const { x, y } = element.getBoundingClientRect(); return `${x} ${y}`; }).join();
  let [before, left] = ["", frames];
  const look = () => {
    const now = places();
    left = now === before ? left - 1 : frames;
    before = now;
    if (left) requestAnimationFrame(look);
    else done();
  };
  look();
})"""


def new_workflow(page: Page, start: str = "") -> str:
    """Begins a draft; gives its name."""
    name = f"designed_{next(NUMBERS)}"
    page.goto("/workflows/")
    page.get_by_role("link", name="New workflow").click()
    page.get_by_label("Title").fill(f"Designed {name}")
    page.get_by_label("Name").fill(name)
    page.locator(f'input[name="start"][value="{start}"]').check()
    page.get_by_role("button", name="Start designing").click()
    expect(tool(page, "Publish")).to_be_visible()
    expect_still(page)
    return name


def canvas(page: Page) -> Locator:
    return page.locator(".designer-canvas")


def expect_still(page: Page) -> None:
    """Waits until places are computed, drawn, and the view has stopped moving."""
    expect(canvas(page)).to_have_attribute("aria-busy", "false")
    page.evaluate(STILL, FRAMES)


def node(page: Page, name: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{name}"]')


def nodes(page: Page) -> Locator:
    return page.locator(".step-node")


def edges(page: Page) -> Locator:
    return page.locator(".react-flow__edge")


def tool(page: Page, name: str) -> Locator:
    return page.get_by_role("toolbar", name="Design").get_by_role("button", name=name, exact=True)


def box(target: Locator) -> FloatRect:
    found = target.bounding_box()
    assert found
    return found


def drop(page: Page, title: str, x: float, y: float) -> None:
    """Searches the palette for a step and drags it to a place of the canvas."""
    expect_still(page)
    page.get_by_label("Search steps to add").fill(title)
    block = page.get_by_label("Steps to add").get_by_role("button", name=title, exact=True)
    block.drag_to(page.locator(".react-flow__pane"), target_position={"x": x, "y": y})


def drop_on_edge(page: Page, title: str, edge: Locator) -> None:
    expect_still(page)
    line, pane = box(edge), box(page.locator(".react-flow__pane"))
    x, y = line["x"] + line["width"] / 2 - pane["x"], line["y"] + line["height"] / 2 - pane["y"]
    drop(page, title, round(x), round(y))


def arrange(page: Page) -> None:
    tool(page, "Arrange").click()
    expect_still(page)


def connect(page: Page, source: str, target: str) -> None:
    """Draws a line by mouse; what the gesture leads to is for the caller to expect."""
    expect_still(page)
    page.get_by_label(f"Out of {source}", exact=True).hover()
    page.mouse.down()
    end = box(page.get_by_label(f"Into {target}", exact=True))
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=4)
    page.mouse.up()


def click_pane(page: Page) -> None:
    """Clicks where nothing is, so that the workflow itself is inspected."""
    expect_still(page)
    page.locator(".react-flow__pane").click(position={"x": 20, "y": 20})
    expect(page.get_by_label("Inspector").get_by_role("heading", name="Workflow")).to_be_visible()


def add_by_keyboard(page: Page, words: str, steps: int = 1) -> None:
    """Types after `/`, and waits until the step, or the several of a construct, are on the canvas."""
    before = nodes(page).count()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search steps")).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(nodes(page)).to_have_count(before + steps)
    expect_still(page)


def expect_saved(page: Page) -> None:
    expect(page.locator(".save-badge")).to_have_attribute("data-save", "saved")
