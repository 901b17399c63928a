// Why translated code was left, and what that cost: of the chosen block and of the whole run.

const EXIT_NOTES = {
  'lookup': 'the jump table has no entry for the target',
  'link': 'a jump in the page that is not chained yet',
  'dead': 'the block was dropped',
  'stale': 'the block found its bytes changed',
  'kicked': 'a timer, an interrupt or another thread wants attention',
  'access': 'a memory access that is made in software',
  'end of single instruction': 'a block of one instruction, executed for its own sake',
};

class ExitsView {
  static PLACES = 40;

  constructor(model, onChoose) {
    this.model = model;
    this.onChoose = onChoose;
    this.box = document.getElementById('exits');
    this.cause = -1;
    this.index = -1;
  }
  show(index) {
    this.index = index;
    this.draw();
  }
  draw() {
    const {model} = this;
    if (!model.figures) return;
    const {causes, costs} = model.figures;
    const parts = [];
    const here = model.exitsByBlock.get(this.index) ?? [];
    parts.push(make('h3', '', 'From the chosen block'));
    if (here.length) {
      parts.push(this.table(['where', 'cause', 'times', costs ? 'each' : ''], here.sort((a, b) => b.count - a.count).map((exit) => ({
        cells: [hex(exit.linear), causes[exit.cause], short(exit.count), costs ? duration(exit.ns / exit.count) : ''],
        title: this.note(causes[exit.cause]),
      }))));
    } else {
      parts.push(make('p', 'note', 'None.'));
    }
    parts.push(make('h3', '', 'In the whole run'));
    const all = [...model.exitsByCause].sort((a, b) => b[1].ns - a[1].ns || b[1].count - a[1].count);
    parts.push(this.table(['cause', 'times', costs ? 'cost' : '', costs ? 'each' : ''], all.map(([cause, {count, ns}]) => ({
      cells: [causes[cause], short(count), costs ? duration(ns) : '', costs ? duration(ns / count) : ''],
      title: this.note(causes[cause]),
      on: cause === this.cause,
      go: () => { this.cause = cause === this.cause ? -1 : cause; this.draw(); },
    })), 1));
    const chosen = model.exitsByCause.get(this.cause);
    if (chosen) {
      const places = [...chosen.places].sort((a, b) => b.ns - a.ns || b.count - a.count).slice(0, ExitsView.PLACES);
      parts.push(make('h3', '', 'Where: ' + causes[this.cause]));
      parts.push(this.table(['address', 'times', costs ? 'cost' : ''], places.map((exit) => ({
        cells: [hex(exit.linear), short(exit.count), costs ? duration(exit.ns) : ''],
        go: () => {
          const block = exit.block >= 0 ? exit.block : model.find(exit.linear);
          if (block >= 0) this.onChoose(block, exit.linear);
        },
      })), 1));
    }
    parts.push(make('p', 'note', costs ?
        'The cost is the time until translated code went on, translation and what tracing takes included, sleep not.' :
        'This trace does not tell when translated code went on (the word resumes), so costs are not known.'));
    this.box.replaceChildren(...parts);
  }
  note(cause) {
    if (cause.startsWith('callout')) return 'a sensitive instruction is simulated by the virtual processor';
    if (cause.startsWith('host fault')) return 'the host’s memory management found what the window did not show';
    return EXIT_NOTES[cause] ?? '';
  }
  table(heads, rows, right = 2) {
    const table = make('table', '', make('tr', '', ...heads.map((name, i) => make('th', i >= right ? 'r' : '', name))));
    for (const {cells, title, go, on} of rows) {
      const row = make('tr', (go ? 'go' : '') + (on ? ' on' : ''), ...cells.map((text, i) => make('td', i >= right ? 'r' : '', text)));
      if (title) row.title = title;
      if (go) row.addEventListener('click', go);
      table.append(row);
    }
    return table;
  }
}
