// What the time went into, slot by slot. A drag chooses the blocks that were translated then.

const PHASES = [['executing', 'in translated code'], ['translating', 'looking for a block and translating it'],
                ['serving', 'exits: callouts, accesses in software, the run loop'],
                ['faulting', 'host faults'], ['idle', 'the guest is halted']];
const SLOT_FIELDS = PHASES.length + 3;

class Timeline {
  constructor(onRange) {
    this.onRange = onRange;
    this.canvas = document.getElementById('timeline');
    this.tip = document.getElementById('tip');
    this.slots = [];
    this.drag = null;
    this.range = null;
    new ResizeObserver(() => this.paint()).observe(this.canvas);
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.paint());
    this.canvas.addEventListener('pointerdown', (event) => {
      this.drag = this.at(event);
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener('pointermove', (event) => this.move(event));
    this.canvas.addEventListener('pointerup', (event) => {
      const from = this.drag, to = this.at(event);
      this.drag = null;
      this.choose(Math.abs(to - from) < this.end / 300 ? null : [Math.min(from, to), Math.max(from, to)]);
    });
    this.canvas.addEventListener('pointerleave', () => { this.tip.hidden = true; });
  }
  choose(range) {
    this.range = range;
    this.paint();
    this.onRange(range);
  }
  show(figures) {
    this.slots = figures.slots;
    this.slotNs = figures.slotNs;
    this.end = Math.max(figures.end, 1);
    const total = new Array(PHASES.length).fill(0);
    for (let i = 0; i < this.slots.length; i += SLOT_FIELDS) {
      for (let k = 0; k < PHASES.length; ++k) total[k] += this.slots[i + k];
    }
    document.getElementById('phases').replaceChildren(...PHASES.map(([name, title], k) => {
      const square = make('i');
      square.style.background = `var(--${name})`;
      const item = make('span', '', square, `${name} ${duration(total[k])}`);
      item.title = title;
      return item;
    }));
    this.paint();
  }
  // Nanoseconds.
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * this.end;
  }
  move(event) {
    const ns = this.at(event);
    if (this.drag !== null) {
      this.range = [Math.min(this.drag, ns), Math.max(this.drag, ns)];
      this.paint();
    }
    const i = Math.floor(ns / this.slotNs) * SLOT_FIELDS;
    if (!(i + SLOT_FIELDS <= this.slots.length)) return;
    const slot = this.slots.slice(i, i + SLOT_FIELDS);
    const lines = [`at ${duration(ns)}, ${duration(this.slotNs)}:`];
    PHASES.forEach(([name], k) => {
      if (slot[k]) lines.push(`${name} ${(100 * slot[k] / this.slotNs).toFixed(1)} %`);
    });
    const [blocks, exits, interrupts] = slot.slice(PHASES.length);
    lines.push(`${whole(blocks)} blocks translated, ${whole(exits)} exits, ${whole(interrupts)} interrupts`);
    this.tip.textContent = lines.join('\n');
    this.tip.hidden = false;
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    this.tip.style.left = (x > box.width - 330 ? x - 300 : x + 18) + 'px';
  }
  paint() {
    const {canvas} = this;
    const scale = window.devicePixelRatio || 1;
    const width = canvas.width = Math.max(Math.round(canvas.clientWidth * scale), 1);
    const height = canvas.height = Math.max(Math.round(canvas.clientHeight * scale), 1);
    const pen = canvas.getContext('2d');
    const style = getComputedStyle(document.documentElement);
    const colors = PHASES.map(([name]) => style.getPropertyValue('--' + name));
    const count = this.slots.length / SLOT_FIELDS;
    if (!count) return;
    const perColumn = this.end / width;
    for (let x = 0; x < width; ++x) {
      const first = Math.min(Math.floor(x * perColumn / this.slotNs), count - 1);
      const last = Math.min(Math.max(Math.ceil((x + 1) * perColumn / this.slotNs), first + 1), count);
      let y = height;
      for (let k = 0; k < PHASES.length; ++k) {
        let ns = 0;
        for (let i = first; i < last; ++i) ns += this.slots[i * SLOT_FIELDS + k];
        const part = height * ns / ((last - first) * this.slotNs);
        pen.fillStyle = colors[k];
        pen.fillRect(x, y - part, 1, part);
        y -= part;
      }
    }
    if (this.range) {
      const [from, to] = this.range.map((ns) => ns / this.end * width);
      pen.fillStyle = style.getPropertyValue('--back');
      pen.globalAlpha = 0.65;
      pen.fillRect(0, 0, from, height);
      pen.fillRect(to, 0, width - to, height);
      pen.globalAlpha = 1;
    }
  }
}
