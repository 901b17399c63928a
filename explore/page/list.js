// The list of blocks: only the rows in sight exist.

const hex = (value, digits = 8) => value.toString(16).padStart(digits, '0');
const whole = (value) => Math.round(value).toLocaleString('en');

function short(value) {
  for (const [unit, name] of [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) {
    if (value >= unit) return (value / unit).toFixed(value >= 100 * unit ? 0 : value >= 10 * unit ? 1 : 2) + name;
  }
  return String(Math.round(value));
}
function duration(ns) {
  if (ns >= 1e9) return (ns / 1e9).toFixed(2) + ' s';
  if (ns >= 1e6) return (ns / 1e6).toFixed(2) + ' ms';
  if (ns >= 1e3) return (ns / 1e3).toFixed(2) + ' µs';
  return Math.round(ns) + ' ns';
}
// From blue over yellow to red by the logarithm.
function heat(value, highest) {
  const part = highest > 1 && value > 0 ? Math.log(1 + value) / Math.log(1 + highest) : 0;
  return {part, color: `hsl(${Math.round(215 - 215 * part)} 80% ${value > 0 ? 55 : 30}%)`};
}
// An element with a class and children, which are elements or texts.
function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

class BlockList {
  static ROW = 38;

  constructor(model, onChoose) {
    this.model = model;
    this.onChoose = onChoose;
    this.shown = new Uint32Array(0);
    this.chosen = -1;
    this.rows = new Map();  // by place in `shown`
    this.box = document.getElementById('list');
    this.spacer = document.getElementById('spacer');
    this.box.addEventListener('scroll', () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.box.addEventListener('keydown', (event) => this.onKey(event));
  }
  onKey(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step || this.shown.length === 0) return;
    event.preventDefault();
    const at = this.shown.indexOf(this.chosen);
    const next = Math.min(Math.max(at + step, 0), this.shown.length - 1);
    this.onChoose(this.shown[next]);
    this.reveal(next);
  }
  reveal(place) {
    const top = place * BlockList.ROW;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    const bottom = top + BlockList.ROW - this.box.clientHeight;
    if (bottom > this.box.scrollTop) this.box.scrollTop = bottom;
  }
  show(shown, order) {
    this.shown = shown;
    this.order = order;
    this.highest = this.model.count.reduce((a, b) => Math.max(a, b), 0);
    this.spacer.style.height = shown.length * BlockList.ROW + 'px';
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.draw();
  }
  choose(index) {
    this.chosen = index;
    for (const row of this.rows.values()) row.classList.toggle('on', Number(row.dataset.block) === index);
  }
  draw() {
    const first = Math.max(Math.floor(this.box.scrollTop / BlockList.ROW) - 4, 0);
    const last = Math.min(first + Math.ceil(this.box.clientHeight / BlockList.ROW) + 8, this.shown.length);
    for (const [place, row] of this.rows) {
      if (place >= first && place < last) continue;
      row.remove();
      this.rows.delete(place);
    }
    for (let place = first; place < last; ++place) {
      if (this.rows.has(place)) continue;
      const row = this.makeRow(this.shown[place]);
      row.style.top = place * BlockList.ROW + 'px';
      this.rows.set(place, row);
      this.box.append(row);
    }
  }
  // What the order is about.
  figure(index) {
    const {model} = this;
    switch (this.order) {
      case 'time': return duration(model.ns[index]);
      case 'exits': return short(model.exitCount[index]) + ' exits';
      case 'cost': return duration(model.exitNs[index]);
      case 'growth': return whole(model.columns.hostBytes[index]) + ' B';
      case 'born': return duration(model.columns.timeUs[index] * 1000);
      default: return '×' + short(model.count[index]);
    }
  }
  makeRow(index) {
    const {model} = this;
    const {linear, symbol, cpl} = model.columns;
    const {part, color} = heat(model.count[index], this.highest);
    const bar = make('div', 'h');
    bar.style.width = Math.round(90 * part) + 'px';
    bar.style.background = color;
    const name = model.texts[symbol[index]];
    const first = model.texts[model.instructionText[model.begin[index]]];
    const row = make('div', 'row', make('span', 'a', hex(linear[index])), make('span', 'n', this.figure(index)),
                     make('div', 's', cpl[index] === 3 ? 'user  ' : '', name || first || ''), bar);
    row.style.borderLeftColor = color;
    row.dataset.block = index;
    row.classList.toggle('on', index === this.chosen);
    row.addEventListener('click', () => this.onChoose(index));
    return row;
  }
}
