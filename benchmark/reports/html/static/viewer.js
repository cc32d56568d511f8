// The images of a test set in an order, one of them on the stage with its degradation and its scores.

const { sets, pictures, numbers } = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const state = { set: 0, order: "worst", metric: "", of: "", against: "", ten: false, image: 0, left: "", right: "" };
const stage = new Stage(at("stage"), (scale) => {
  at("zoom-now").textContent = `${Number(scale.toFixed(1))}x`;
});

const set = () => sets[state.set];
const scored = () => set().columns.filter((column) => column.values);
const shown = () => set().columns.filter((column) => column.folder);
const column = (kind) => set().columns.find((one) => one.kind === kind);
const metric = (id) => set().metrics.find((one) => one.id === id);
const value = (kind, id, place) => column(kind)?.values?.[id]?.[place] ?? null;
const reason = (one, id, place) => one.errors[id]?.[place] ?? "";
const minus = (a, b) => (a === null || b === null ? null : a - b);

function text(kind, id, place) {
  const found = value(kind, id, place);
  if (found === null) return reason(column(kind), id, place) === "+inf" ? "inf" : "-";
  return found.toFixed(metric(id).decimals);
}

function address(one, place) {
  if (!one || !one.folder || one.missing.includes(place)) return "";
  const where = `${one.folder}/${set().images[place].file}.jpg`;
  return pictures[numbers[where]] ?? where;
}

// ---- The order

// Share of the images that are worse by a metric: from 0, the worst.
function standing(kind, id) {
  const rising = metric(id)?.rising || 1; // a test set may have a single metric
  const found = set().images.map((_, place) => value(kind, id, place));
  const known = found.filter((one) => one !== null);
  const below = (one) => known.filter((other) => rising * (one - other) > 0).length / known.length;
  return found.map((one) => (one === null ? null : below(one)));
}

// What an image is sorted by, the largest first; null where that is not known.
function sortKey() {
  const { order, of, against, metric: id } = state;
  if (order === "name" || !metric(id)) return (place) => -place;
  const rising = metric(id).rising || 1;
  const times = (sign, number) => (number === null ? null : sign * number);
  if (order === "gain") return (place) => times(rising, minus(value(of, id, place), value(against, id, place)));
  if (order === "apart") {
    const [one, other] = [standing(of, id), standing(of, against)];
    return (place) => {
      const gap = minus(one[place], other[place]);
      return times(Math.sign(gap), gap);
    };
  }
  return (place) => times(order === "best" ? rising : -rising, value(of, id, place));
}

function ordered() {
  const found = set().images.map((_, place) => place).map(sortKey());
  const places = found.map((_, place) => place);
  places.sort((a, b) => (found[a] === null) - (found[b] === null) || found[b] - found[a] || a - b);
  return state.ten ? places.slice(0, 10) : places;
}

// ---- Choices

function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([id, title]) => make("option", { value: id, textContent: title })));
  select.value = options.some(([id]) => id === chosen) ? chosen : (options[0]?.[0] ?? "");
  return select.value;
}

function fillChoices() {
  const titles = (columns) => columns.map((one) => [one.kind, one.title]);
  const metrics = set().metrics.map((one) => [one.id, one.header]);
  const methods = titles(scored());
  const choices = sets.map((one, place) => [String(place), one.title]).filter((_, place) => sets[place].images.length);
  fill(at("set"), choices, String(state.set));
  state.metric = fill(at("metric"), metrics, state.metric);
  state.of = fill(at("of"), methods, state.of);
  const apart = state.order === "apart";
  const others = apart ? metrics.filter(([id]) => id !== state.metric) : methods.filter(([kind]) => kind !== state.of);
  state.against = fill(at("against"), others, state.against);
  at("against-field").hidden = !["gain", "apart"].includes(state.order);
  at("against-name").textContent = apart ? "and" : "over";
  at("order").value = state.order;
  at("ten").checked = state.ten;
  const kinds = shown().map((one) => one.kind);
  const known = (kind, otherwise) => (kinds.includes(kind) ? kind : otherwise);
  state.left = fill(at("left"), titles(shown()), known(state.left, "degraded"));
  state.right = fill(at("right"), titles(shown()), known(state.right, known(state.of, kinds[1])));
}

// ---- Drawing

function drawStrip() {
  const places = ordered();
  const one = column(state.of)?.folder ? column(state.of) : column("degraded");
  const thumbnail = (place) => {
    const { name } = set().images[place];
    const button = make("button", { type: "button", data: { place }, title: name });
    const src = address(one, place);
    if (src) button.append(make("img", { loading: "lazy", decoding: "async", alt: "", width: 84, height: 84, src }));
    button.append(make("span", { className: "end" }, make("bdi", {}, name)), make("span", {}, sortedBy(place)));
    return make("li", {}, button);
  };
  at("strip").className = one?.folder ? "" : "plain";
  at("strip").replaceChildren(...places.map(thumbnail));
}

// What an image is sorted by, in figures.
function sortedBy(place) {
  const { order, of, against, metric: id } = state;
  if (order === "name" || !metric(id)) return "";
  const own = text(of, id, place);
  if (order === "apart") return metric(against) ? `${own} / ${text(of, against, place)}` : own;
  if (order !== "gain") return own;
  const gain = minus(value(of, id, place), value(against, id, place));
  return gain === null ? "-" : `${gain > 0 ? "+" : ""}${gain.toFixed(metric(id).decimals)}`;
}

function drawImage() {
  const { image: place } = state;
  const found = set().images[place];
  if (!found) return;
  const places = ordered();
  for (const button of at("strip").querySelectorAll("button")) {
    const current = Number(button.dataset.place) === place;
    button.setAttribute("aria-current", String(current));
    if (current) at("strip").scrollTo({ left: button.offsetLeft - at("strip").clientWidth / 2 + 40 });
  }
  at("position").textContent = `${places.indexOf(place) + 1} of ${places.length}`;
  at("name").textContent = found.name;
  at("words-head").hidden = !found.words.length;
  at("words").replaceChildren(...found.words.map((word) => make("li", {}, word)));
  drawBars(place);
  drawScores(place);
  drawStage(place);
}

// The best value of an image, of two methods or more; what is measured against is not one of them.
function best(id, place) {
  const { rising } = metric(id);
  const methods = scored().filter((one) => one.kind !== "method:reference");
  const found = methods.map((one) => value(one.kind, id, place)).filter((one) => one !== null);
  return rising && found.length > 1 ? found.reduce((a, b) => (rising * (a - b) > 0 ? a : b)) : NaN;
}

function dot(colour) {
  const [svg, circle] = ["svg", "circle"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 8 8");
  svg.setAttribute("class", "dot");
  for (const [key, own] of Object.entries({ cx: 4, cy: 4, r: 4, fill: colour })) circle.setAttribute(key, own);
  svg.append(circle);
  return svg;
}

// Every method's value of the metric chosen; a click shows the method on the right.
function drawBars(place) {
  const id = state.metric;
  at("bars-head").textContent = "";
  at("bars").replaceChildren();
  if (!metric(id)) return; // or those of the test set before would stay
  const better = { 1: ", higher is better", "-1": ", lower is better" }[metric(id).rising] ?? "";
  at("bars-head").textContent = metric(id).header + better;
  const line = (one) => {
    const title = reason(one, id, place) || `Show ${one.title} on the right`;
    const button = make("button", { type: "button", title });
    button.append(dot(one.colour), make("span", {}, one.title), make("b", {}, text(one.kind, id, place)));
    button.addEventListener("click", () => choose({ right: one.kind }));
    return make("li", { className: value(one.kind, id, place) === best(id, place) ? "best" : "" }, button);
  };
  at("bars").replaceChildren(...scored().map(line));
}

function drawScores(place) {
  const arrow = { 1: " \u2191", "-1": " \u2193" };
  const heads = set().metrics.map((one) => make("th", { scope: "col" }, one.header + (arrow[one.rising] ?? "")));
  const cell = (one, { id }) => {
    const className = value(one.kind, id, place) === best(id, place) ? "best" : "";
    const shown = make("span", { className: "value" }, text(one.kind, id, place));
    return make("td", { title: reason(one, id, place), className }, shown);
  };
  const row = (one) =>
    make("tr", {}, make("th", { scope: "row" }, dot(one.colour), one.title), ...set().metrics.map((id) => cell(one, id)));
  const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Method"), ...heads));
  at("scores").replaceChildren(head, make("tbody", {}, ...scored().map(row)));
}

function drawStage(place) {
  const there = shown().length > 0;
  at("looking").hidden = !there;
  document.querySelector(".view").classList.toggle("plain", !there);
  at("why").hidden = !set().hidden;
  at("why").textContent = `${set().hidden}.`;
  at("gain-field").hidden = stage.mode !== "difference";
  for (const button of document.querySelectorAll("[data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === stage.mode));
  }
  if (!there) return;
  const picture = (kind) => ({ title: column(kind).title, address: address(column(kind), place) });
  const all = [...new Set(["degraded", state.left, state.right, "reference"])].filter((kind) => column(kind)?.folder);
  stage.show({ left: picture(state.left), right: picture(state.right), all: all.map(picture) });
}

// ---- What a reader does

function choose(changes) {
  Object.assign(state, changes);
  fillChoices();
  drawStrip();
  drawImage();
}

// A change of the order shows its first image.
function reorder(changes) {
  Object.assign(state, changes);
  fillChoices();
  choose({ image: ordered()[0] ?? 0 });
}

function setMode(mode) {
  stage.setMode(mode);
  const toReference = mode === "difference" && column("reference")?.folder && state.right !== "reference";
  choose(toReference ? { left: state.right, right: "reference" } : {});
}

// A cell of a table: its images, the worst by its metric first, beside the degraded ones.
function openCell(index, key, id) {
  const kind = `method:${key}`;
  const known = sets[index].metrics.some((one) => one.id === id); // not where it is of a whole set
  const order = known ? { order: "worst", metric: id } : { order: "name" };
  reorder({ set: index, of: kind, left: "degraded", right: kind, ten: false, ...order });
  at("viewer").scrollIntoView();
  at("stage").focus({ preventScroll: true });
}

function step(by) {
  const places = ordered();
  choose({ image: places[places.indexOf(state.image) + by] ?? state.image });
}

function stepMethod(by) {
  const kinds = shown().map((one) => one.kind);
  choose({ right: kinds[(kinds.indexOf(state.right) + by + kinds.length) % kinds.length] });
}

const swap = () => choose({ left: state.right, right: state.left });
const zoom = { in: () => stage.setZoom(stage.zoom.scale * 1.5), out: () => stage.setZoom(stage.zoom.scale / 1.5) };
zoom.reset = () => stage.setZoom(1);
const KEYS = {
  ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => stepMethod(-1), ArrowDown: () => stepMethod(1),
  1: () => setMode("slider"), 2: () => setMode("side"), 3: () => setMode("difference"), 4: () => setMode("flicker"),
  s: swap, "+": zoom.in, "-": zoom.out, 0: zoom.reset, " ": () => stage.flick(true),
};

at("viewer").addEventListener("keydown", (event) => {
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const elsewhere = event.target.closest("select, input, summary, .scroll");
  if (!act || elsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && (event.target.closest("button") || stage.mode !== "flicker")) return;
  event.preventDefault();
  act();
});
for (const id of ["order", "metric", "of", "against"]) {
  at(id).addEventListener("change", (event) => reorder({ [id]: event.target.value }));
}
for (const side of ["left", "right"]) at(side).addEventListener("change", (event) => choose({ [side]: event.target.value }));
at("set").addEventListener("change", (event) => reorder({ set: Number(event.target.value) }));
at("ten").addEventListener("change", (event) => reorder({ ten: event.target.checked }));
at("swap").addEventListener("click", swap);
at("gain").addEventListener("input", (event) => {
  stage.gain = Number(event.target.value);
  at("gain-now").textContent = `${stage.gain}x, white from ${Math.round(255 / stage.gain)} of 255`;
  drawStage(state.image);
});
at("strip").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) choose({ image: Number(button.dataset.place) });
});
for (const button of document.querySelectorAll("[data-mode]")) {
  button.addEventListener("click", () => setMode(button.dataset.mode));
}
for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", zoom[button.dataset.zoom]);
}

document.querySelectorAll("article table.results").forEach(makeSortable);
document.querySelectorAll("table[data-set]").forEach((table) => makeCellsOpen(table, openCell));
const first = sets.findIndex((one) => one.images.length);
if (first >= 0) {
  for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
  const rank = (row) => Number(row.querySelector(".rank")?.dataset.sort || Infinity);
  const rows = [...document.querySelectorAll(`table[data-set="${first}"] tbody tr`)];
  const [top] = rows.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  reorder({ set: first, of: `method:${top?.dataset.key}` });
}
