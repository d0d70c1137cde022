// The week as a grid to be painted by touch, mouse and keyboard. The form under it posts what was painted.
"use strict";

const STEP = 30; // minutes of a cell
const ROWS = (24 * 60) / STEP;
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const form = document.querySelector(".week-painter");
const grid = form.querySelector(".week-grid");
const field = form.elements.week;
const original = field.value;
const brushes = [...form.querySelectorAll(".brush input")];
const modes = brushes.map((brush) => brush.value);
const names = brushes.map((brush) => brush.parentElement.textContent.trim());
const letters = brushes.map((brush) => brush.dataset.letter);
const dayNames = grid.dataset.days.split(",");
const twelve = Boolean(grid.dataset.twelve);
// Minutes that do not lie on the grid stay as they are until their cell is painted over.
let minutes = [];
const cells = [];

const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

function shown(minute) {
  if (!twelve) return clock(minute);
  const hour = Math.floor(minute / 60) % 24;
  return `${hour % 12 || 12}${minute % 60 ? ":" + String(minute % 60).padStart(2, "0") : ""} ${hour < 12 ? "am" : "pm"}`;
}

function read(text) {
  minutes = DAYS.map(() => new Uint8Array(24 * 60));
  for (const line of text.split("\n")) {
    const [day, times, mode] = line.trim().split(" ");
    const place = modes.indexOf(mode);
    if (!times || place < 0) continue;
    const [from, to] = times.split("-").map((time) => {
      const [hour, minute] = time.split(":").map(Number);
      return hour * 60 + minute;
    });
    minutes[DAYS.indexOf(day)].fill(place, from, to);
  }
}

function write() {
  const lines = [];
  minutes.forEach((day, number) => {
    for (let from = 0; from < day.length; ) {
      let to = from + 1;
      while (to < day.length && day[to] === day[from]) to++;
      if (day[from]) lines.push(`${DAYS[number]} ${clock(from)}-${clock(to)} ${modes[day[from]]}`);
      from = to;
    }
  });
  field.value = lines.join("\n");
}

// A cell shows what holds for most of it.
function modeOf(day, row) {
  const counts = new Array(modes.length).fill(0);
  for (const mode of minutes[day].subarray(row * STEP, (row + 1) * STEP)) counts[mode]++;
  return counts.indexOf(Math.max(...counts));
}

function show(day, row) {
  const mode = modeOf(day, row);
  const cell = cells[day][row];
  const begins = row === 0 || modeOf(day, row - 1) !== mode;
  cell.className = `cell mode-${mode}${row % 2 ? "" : " full"}`;
  cell.textContent = begins ? letters[mode] : "";
  cell.setAttribute("aria-label", `${dayNames[day]} ${shown(row * STEP)}, ${names[mode]}`);
}

const showAll = () => cells.forEach((column, day) => column.forEach((_, row) => show(day, row)));

function paint(day, row) {
  const brush = brushes.findIndex((one) => one.checked);
  minutes[day].fill(brush, row * STEP, (row + 1) * STEP);
  show(day, row);
  if (row + 1 < ROWS) show(day, row + 1);
}

function build() {
  grid.setAttribute("role", "grid");
  grid.setAttribute("aria-label", grid.dataset.label);
  const row = () => {
    const element = document.createElement("div");
    element.className = "row-of-grid";
    element.setAttribute("role", "row");
    grid.append(element);
    return element;
  };
  const label = (parent, role, text, kind) => {
    const element = document.createElement("span");
    element.setAttribute("role", role);
    element.textContent = text;
    element.className = kind;
    parent.append(element);
  };
  const head = row();
  label(head, "columnheader", grid.dataset.label, "unseen");
  dayNames.forEach((day, number) => {
    cells[number] = [];
    label(head, "columnheader", day, "");
  });
  for (let number = 0; number < ROWS; number++) {
    const line = row();
    label(line, "rowheader", shown(number * STEP), number % 2 ? "unseen" : "hour");
    for (let day = 0; day < 7; day++) {
      const cell = document.createElement("div");
      cell.setAttribute("role", "gridcell");
      cell.tabIndex = day + number ? -1 : 0;
      cell.dataset.day = day;
      cell.dataset.row = number;
      cells[day][number] = cell;
      line.append(cell);
    }
  }
}

// Dragging paints the rectangle between where it began and where it is: a bedtime is the same on several days.
let start = null;
const place = (cell) => ({ day: Number(cell.dataset.day), row: Number(cell.dataset.row) });

function paintBetween(one, other) {
  for (let day = Math.min(one.day, other.day); day <= Math.max(one.day, other.day); day++) {
    for (let row = Math.min(one.row, other.row); row <= Math.max(one.row, other.row); row++) paint(day, row);
  }
}

grid.addEventListener("pointerdown", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell || event.button) return;
  event.preventDefault();
  start = { ...place(cell), before: minutes.map((day) => day.slice()) };
  focus(start.day, start.row);
  paintBetween(start, start);
});
addEventListener("pointermove", (event) => {
  const cell = start && document.elementFromPoint(event.clientX, event.clientY)?.closest(".cell");
  if (!cell) return;
  minutes = start.before.map((day) => day.slice());
  paintBetween(start, place(cell));
  showAll();
});
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => {
  if (start) write();
  start = null;
});

function focus(day, row) {
  grid.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
  cells[day][row].tabIndex = 0;
  cells[day][row].focus({ preventScroll: false });
}

const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], Home: [0, -ROWS], End: [0, ROWS] };

grid.addEventListener("keydown", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell) return;
  let { day, row } = place(cell);
  if (event.key === " " || event.key === "Enter") {
    paint(day, row);
  } else if (MOVES[event.key]) {
    const [across, down] = MOVES[event.key];
    if (event.shiftKey) paint(day, row);
    day = Math.min(6, Math.max(0, day + across));
    row = Math.min(ROWS - 1, Math.max(0, row + down));
    if (event.shiftKey) paint(day, row);
    focus(day, row);
  } else {
    return;
  }
  event.preventDefault();
  write();
});

form.addEventListener("reset", () => setTimeout(() => {
  field.value = original;
  read(original);
  showAll();
}));

build();
read(original);
showAll();
for (const element of form.querySelectorAll("[hidden]:not(input)")) element.hidden = false;
document.querySelector(".week-static").hidden = true;
