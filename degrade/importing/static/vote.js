// Voting: one ballot at a time by key or click; progress stays in the browser, the votes are saved as CSV.

const page = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const state = { voter: "", order: [], at: 0, moved: false, votes: {} }; // votes: place of a ballot -> choice
const stage = new Stage(at("stage"), (scale) => {
  at("zoom-now").textContent = `${Number(scale.toFixed(1))}x`;
});
stage.setMode("side");

// ---- What the browser keeps: each vote under a key of its own. A browser may read late what an earlier page or another
// tab wrote, and no page may then write over a vote that was not changed on it.

const LAST = `votes ${page.id}`;
const keyOf = (voter, place) => `${LAST} ${JSON.stringify([voter, place])}`;

function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    at("warning").hidden = false;
  }
}

function takeOver() {
  for (const place of state.order) {
    const choice = kept(keyOf(state.voter, place));
    if (choice !== null) state.votes[place] = choice;
  }
  if (!state.moved) state.at = firstOpen();
}

// The first ballot without a vote; behind the last where there is none.
function firstOpen() {
  const found = state.order.findIndex((place) => !(place in state.votes));
  return found < 0 ? state.order.length : found;
}

// ---- Drawing

const ballot = () => page.ballots[state.order[state.at]];
const choices = () => shuffled(ballot().choices, JSON.stringify([page.id, state.voter, state.order[state.at]]));
const voted = () => Object.keys(state.votes).length;

function draw() {
  const over = state.at >= state.order.length;
  at("start").hidden = true;
  at("who").hidden = false;
  at("voter-now").textContent = state.voter;
  at("ballot").hidden = over;
  at("end").hidden = !over;
  at("sum").textContent = `${voted()} of ${page.ballots.length} voted.`;
  if (over) return;
  at("progress").max = page.ballots.length;
  at("progress").value = voted();
  at("position").textContent = `${state.at + 1} of ${page.ballots.length}`;
  at("name").replaceChildren(make("bdi", {}, ballot().name));
  drawAnswers();
  const pictures = choices().map((one, place) => ({ title: String(place + 1), address: one.picture }));
  stage.show({ all: [{ title: "degraded", address: ballot().degraded }, ...pictures] });
  fit();
  prefetch();
}

// Pictures as large as all of them fit into the window, but on a small one half as wide as it, and then it scrolls.
function fit() {
  if (at("ballot").hidden) return;
  const [count, gap, wide] = [at("stage").childElementCount, 10, at("ballot").clientWidth];
  const high = innerHeight - at("stage").offsetTop - document.querySelector(".answers").offsetHeight - 2 * gap;
  const side = (columns) => {
    const rows = Math.ceil(count / columns);
    return Math.min((wide + gap) / columns, (high + gap) / rows) - gap;
  };
  const sides = Array.from({ length: count }, (_, place) => side(place + 1));
  const least = Math.min(240, (wide - gap) / 2);
  const columns =
    Math.max(...sides) < least
      ? Math.floor((wide + gap) / (least + gap))
      : sides.findLastIndex((own) => own > 0.9 * Math.max(...sides)) + 1; // beside each other rather than below
  const width = `${Math.max(sides[columns - 1], least)}px`;
  const alone = columns < count && (count - 1) % columns === 0; // the degraded face, above full rows of choices
  at("stage").style.gridTemplateColumns = `repeat(${columns}, ${width})`;
  Object.assign(at("stage").firstChild.style, { width, gridColumn: alone ? "1 / -1" : "", justifySelf: "center" });
}

function drawAnswers() {
  const vote = state.votes[state.order[state.at]];
  const button = (text, choice) => {
    const found = make("button", { type: "button", textContent: text });
    found.setAttribute("aria-pressed", String(vote === choice));
    found.addEventListener("click", () => choose(choice));
    return found;
  };
  const answers = choices().map((one, place) => button(String(place + 1), one.choice));
  const focused = [...at("choices").children].indexOf(document.activeElement);
  at("choices").replaceChildren(...answers, button(page.neither.label, page.neither.choice));
  at("choices").children[focused]?.focus();
}

// So that the next ballot is there at once.
function prefetch() {
  const next = page.ballots[state.order[state.at + 1]];
  for (const src of next ? [next.degraded, ...next.choices.map((one) => one.picture)] : []) make("img", { src });
}

// ---- What a voter does

function begin(voter) {
  const places = page.ballots.map((_, place) => place);
  const order = page.shuffled ? shuffled(places, JSON.stringify([page.id, voter])) : places;
  Object.assign(state, { voter, order, moved: false, votes: {} });
  takeOver();
  keep(LAST, voter);
  stage.setZoom(1);
  draw();
}

// As the voter last called here did; else the question who it is.
function resume() {
  const last = kept(LAST);
  if (last) begin(last);
  else at("start").hidden = false;
}

function choose(choice) {
  const place = state.order[state.at];
  state.votes[place] = choice;
  keep(keyOf(state.voter, place), choice);
  step(1);
}

function step(by) {
  state.at = Math.min(Math.max(state.at + by, 0), state.order.length);
  state.moved = true;
  stage.zoom = { scale: 1, x: 0, y: 0 };
  draw();
}

// As degrade/core/storage/csv_text.py: no text is taken for a formula.
function field(text) {
  const safe = /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csv() {
  const lines = page.ballots.map(({ fields }, place) => ({ ...fields, choice: state.votes[place] }));
  const given = lines.filter((line) => line.choice !== undefined);
  const row = (line) => ({ page: page.id, [page.voter]: state.voter, ...line });
  const rows = given.map(row).map((line) => page.columns.map((column) => field(line[column])).join(","));
  return [page.columns.join(","), ...rows].join("\n") + "\n";
}

function save() {
  const address = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  const name = state.voter.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40);
  make("a", { href: address, download: `votes-${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

const zoom = {
  in: () => stage.setZoom(stage.zoom.scale * 1.5),
  out: () => stage.setZoom(stage.zoom.scale / 1.5),
  reset: () => stage.setZoom(1),
};

function act(key) {
  if (key === "0") return () => choose(page.neither.choice);
  const chosen = /^[1-9]$/.test(key) && choices()[Number(key) - 1];
  if (chosen) return () => choose(chosen.choice);
  return { ArrowLeft: () => step(-1), ArrowRight: () => step(1), "+": zoom.in, "-": zoom.out }[key];
}

document.addEventListener("keydown", (event) => {
  if (at("ballot").hidden || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const found = act(event.key);
  if (!found) return;
  event.preventDefault();
  found();
});
at("start").addEventListener("submit", (event) => {
  event.preventDefault();
  const voter = at("voter").value.trim();
  if (voter) begin(voter);
});
at("leave").addEventListener("click", () => {
  for (const id of ["ballot", "end", "who"]) at(id).hidden = true;
  at("start").hidden = false;
  at("voter").select();
});
at("again").addEventListener("click", () => step(-state.order.length));
for (const id of ["save", "save-all"]) at(id).addEventListener("click", save);
for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", zoom[button.dataset.zoom]);
for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => step(Number(button.dataset.step)));
}

addEventListener("resize", fit);
addEventListener("storage", () => {
  if (!at("start").hidden) {
    if (!state.voter && !at("voter").value) resume();
    return;
  }
  takeOver();
  draw();
});
at("neither-key").textContent = `0 says "${page.neither.label}"`;
resume();
