// The stage: pictures of one image under a slider, side by side, as a difference or flickering; zoom and pan linked.

class Stage {
  constructor(element, onZoom) {
    this.element = element;
    this.onZoom = onZoom;
    this.divide = 0.5;
    this.gain = 4;
    this.zoom = { scale: 1, x: 0, y: 0 }; // x and y: of the picture's corner, in sides of a pane
    this.pointers = new Map();
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches; // then only by hand
    this.setMode("slider");
    this.ticking = setInterval(() => this.flick(), 700);
    element.addEventListener("pointerdown", (event) => this.press(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) {
      element.addEventListener(kind, (event) => this.pointers.delete(event.pointerId));
    }
    element.addEventListener("dblclick", (event) => this.toggleZoom(event));
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  setMode(mode) {
    this.mode = mode;
    this.held = this.still;
  }

  // pictures: {title, address} of left, right and of all; an address is empty where there is no picture.
  show({ left, right, all }) {
    this.element.className = this.mode + (this.zoom.scale > 1 ? " zoomed" : "");
    const panes = {
      slider: () => [this.sliderPane(left, right)],
      side: () => all.map((one) => this.pane([one], [one.title])),
      difference: () => [this.differencePane(left, right)],
      flicker: () => [this.flickerPane(left, right)],
    };
    this.element.replaceChildren(...panes[this.mode]());
    this.applyZoom();
  }

  pane(pictures, titles) {
    const layer = make("div", { className: "layer" });
    layer.append(...pictures.filter((one) => one.address).map(image));
    const pane = make("div", { className: "pane" }, layer);
    const missing = pictures.find((one) => !one.address);
    if (missing) pane.append(make("div", { className: "empty" }, `${missing.title}: no picture`));
    titles.forEach((title, place) => pane.append(make("div", { className: `tag ${["left", "right"][place]}` }, title)));
    return pane;
  }

  sliderPane(left, right) {
    const pane = this.pane([left], [left.title, right.title]);
    const half = make("div", { className: "half" }, make("div", { className: "layer" }));
    if (right.address) half.firstChild.append(image(right));
    pane.firstChild.after(half);
    const handle = make("div", { className: "handle", tabIndex: 0 });
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", "Where the right picture begins, in percent");
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.setDivide(this.divide + step);
    });
    pane.append(handle);
    this.half = half;
    this.handle = handle;
    this.setDivide(this.divide);
    return pane;
  }

  setDivide(share) {
    this.divide = Math.min(1, Math.max(0, share));
    const percent = 100 * this.divide;
    this.half.style.clipPath = `inset(0 0 0 ${percent}%)`;
    this.handle.style.left = `${percent}%`;
    this.handle.setAttribute("aria-valuenow", Math.round(percent));
  }

  differencePane(left, right) {
    const pane = this.pane([left, right], [`${left.title} - ${right.title}`]);
    const [, above] = pane.querySelectorAll("img");
    if (above) above.className = "blend";
    pane.firstChild.style.filter = `brightness(${this.gain})`;
    return pane;
  }

  flickerPane(left, right) {
    const pane = this.pane([left, right], [left.title]);
    const [, above] = pane.querySelectorAll("img");
    this.flicker = { above, tag: pane.querySelector(".tag"), titles: [left.title, right.title] };
    if (this.flicker.above) this.flicker.above.hidden = true;
    return pane;
  }

  // Shows the other picture; by hand it then stays.
  flick(byHand = false) {
    const { above, tag, titles } = this.flicker || {};
    if (this.mode !== "flicker" || !above || (this.held && !byHand)) return;
    this.held = this.held || byHand;
    above.hidden = !above.hidden;
    tag.textContent = titles[above.hidden ? 0 : 1];
  }

  setZoom(scale, place = { x: 0.5, y: 0.5 }) {
    const now = this.zoom;
    const next = Math.min(16, Math.max(1, scale));
    const x = place.x - ((place.x - now.x) * next) / now.scale;
    const y = place.y - ((place.y - now.y) * next) / now.scale;
    this.zoom = { scale: next, x, y };
    this.applyZoom();
  }

  applyZoom() {
    const { scale } = this.zoom;
    const inside = (value) => Math.min(0, Math.max(1 - scale, value));
    this.zoom = { scale, x: inside(this.zoom.x), y: inside(this.zoom.y) };
    const { x, y } = this.zoom;
    for (const layer of this.element.querySelectorAll(".layer")) {
      layer.style.transform = `translate(${100 * x}%, ${100 * y}%) scale(${scale})`;
      layer.classList.toggle("coarse", scale >= 4);
    }
    this.element.classList.toggle("zoomed", scale > 1);
    this.onZoom(scale);
  }

  // Where a pointer is in its pane, 0 to 1 each way.
  place(event, pane = event.target.closest(".pane")) {
    const box = (pane || this.element.firstChild).getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  press(event) {
    const pane = event.target.closest(".pane");
    if (!pane || event.button) return;
    this.element.setPointerCapture(event.pointerId);
    const slides = this.mode === "slider" && (event.target === this.handle || this.zoom.scale === 1);
    this.pointers.set(event.pointerId, { pane, slides, ...this.place(event, pane) });
    if (slides) this.setDivide(this.place(event, pane).x);
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { ...before, ...this.place(event, before.pane) };
    const others = [...this.pointers.entries()].filter(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, now);
    if (others.length) {
      const [, other] = others[0];
      const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 0.01;
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      this.setZoom((this.zoom.scale * apart(now)) / apart(before), middle);
    } else if (now.slides) {
      this.setDivide(now.x);
    } else {
      this.zoom.x += now.x - before.x;
      this.zoom.y += now.y - before.y;
      this.applyZoom();
    }
  }

  toggleZoom(event) {
    this.setZoom(this.zoom.scale > 1 ? 1 : 3, this.place(event));
  }

  // Only with Ctrl, as a pinch on a touchpad has it: a wheel alone scrolls the page.
  wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.setZoom(this.zoom.scale * Math.exp(-event.deltaY / 200), this.place(event));
  }
}

function image(picture) {
  return make("img", { src: picture.address, alt: picture.title, draggable: false, decoding: "async" });
}
