// Puts the parts together: loads the blocks piece by piece, and passes on what is chosen.

const LIVE_PERIOD_MS = 1500;
const TYPING_MS = 120;
const WORDS = {
  'ident': 'copied; the stack pointer is r12d, a memory operand goes through the window (gs:)',
  'rewritten': 'a string, stack or control flow instruction in terms of the host',
  'software': 'its memory access is made by a callout: the site proved guilty, or its segment has limits',
  'in cache': 'sensitive, simulated by a few host instructions',
  'simulated': 'sensitive, simulated by a callout',
  'nothing': 'a hint',
  'raises': 'known to fault',
};
const OTHER_WORDS = {
  'exit': 'translated code is left, for the run loop or for a callout that comes back',
  'time of a block': 'an estimate: the time between two events of the trace, shared out among the instructions that were executed between them',
  'executions': 'entries at the block’s start and behind its calls, where returns come back',
  'chained': 'the jump at the block’s end leads straight to the next block’s host code',
  'search': 'hexadecimal digits find the blocks that hold the address; a text is looked for in symbols and instructions; #12 is the block of that number',
};

class Explorer {
  constructor(source, about) {
    this.source = source;
    this.live = about.live;
    this.model = new Model(about);
    this.range = null;
    const choose = (index, linear) => this.choose(index, linear);
    this.list = new BlockList(this.model, choose);
    this.code = new CodeView(this.model, source, choose);
    this.graph = new GraphView(this.model, source, choose);
    this.exits = new ExitsView(this.model, choose);
    this.timeline = new Timeline((range) => this.setRange(range));
    this.search = document.getElementById('search');
    this.order = document.getElementById('order');
    this.status = document.getElementById('status');
    document.getElementById('title').textContent = about.title;
    document.title = about.title + ' – Verbatim';
    for (const event of ['input', 'change']) {
      this.search.addEventListener(event, () => {
        clearTimeout(this.typing);
        this.typing = setTimeout(() => this.refresh(true), TYPING_MS);
      });
    }
    this.order.addEventListener('change', () => this.refresh(true));
    document.getElementById('range').addEventListener('click', () => this.timeline.choose(null));
    for (const tab of document.querySelectorAll('#tabs button')) {
      tab.addEventListener('click', () => {
        for (const each of document.querySelectorAll('#tabs button, .tab')) {
          each.classList.toggle('on', each === tab || each.id === tab.dataset.tab);
        }
      });
    }
    this.explainWords();
  }
  explainWords() {
    const list = document.getElementById('words');
    this.model.outcomes.forEach((name, outcome) => {
      const square = make('i');
      square.style.background = outcomeColor(outcome);
      list.append(make('dt', '', square, name), make('dd', '', WORDS[name] ?? ''));
    });
    for (const [word, meaning] of Object.entries(OTHER_WORDS)) list.append(make('dt', '', word), make('dd', '', meaning));
  }
  setRange(range) {
    this.range = range;
    const button = document.getElementById('range');
    button.hidden = !range;
    if (range) button.textContent = `translated ${duration(range[0])} to ${duration(range[1])} ✕`;
    this.refresh(true);
  }
  refresh(toTop) {
    const range = this.range && this.range.map((ns) => ns / 1000);
    const found = this.model.select(this.search.value, this.order.value, range);
    const shown = document.getElementById('shown');
    shown.dataset.query = this.search.value;
    shown.textContent = `${whole(found.length)} of ${whole(this.model.size)} blocks`;
    if (toTop) this.list.box.scrollTop = 0;
    this.list.show(found, this.order.value);
    if (!(this.chosen >= 0) && found.length) this.choose(found[0]);
  }
  choose(index, linear) {
    this.chosen = index;
    this.list.choose(index);
    this.exits.show(index);
    return Promise.all([this.code.show(index, linear), this.graph.show(index)]);
  }
  facts() {
    const {figures} = this.model;
    const {hostBytes} = this.model.columns;
    let host = 0, guest = 0;
    for (let i = 0; i < this.model.size; ++i) {
      host += hostBytes[i];
      guest += this.model.guestBytes[i];
    }
    const facts = [[whole(figures.blocks), 'blocks'], [whole(figures.entries), 'executions'],
                   [duration(figures.end), 'traced'], [short(guest) + 'B', 'guest code']];
    if (host) facts.push([short(host) + 'B', 'host code']);
    if (figures.unknownEntries) facts.push([whole(figures.unknownEntries), 'executions of blocks that the trace does not define']);
    if (figures.leftOut) facts.push([whole(figures.leftOut), 'blocks or exits left out: too many']);
    document.getElementById('facts').replaceChildren(...facts.map(([value, name]) => make('span', '', make('b', '', value), ' ' + name)));
  }
  setFigures(figures) {
    this.model.setFigures(figures);
    this.facts();
    this.timeline.show(figures);
    this.exits.draw();
  }
  async load() {
    const figures = await this.source.figures();
    while (this.model.size < figures.blocks) {
      this.model.add(await this.source.blocks(this.model.size));
      this.status.textContent = `${whole(this.model.size)} of ${whole(figures.blocks)} blocks read`;
    }
    this.setFigures(figures);
    this.refresh(false);
  }
  async follow() {
    this.status.textContent = 'running';
    this.status.className = 'live';
    let busy = 0;
    try {
      for (;;) {
        // Never busy with this for more than a small part of the time.
        await new Promise((resolve) => setTimeout(resolve, Math.max(LIVE_PERIOD_MS, 6 * busy)));
        const begin = performance.now();
        const figures = await this.source.figures();
        while (this.model.size < figures.blocks) this.model.add(await this.source.blocks(this.model.size));
        this.setFigures(figures);
        this.refresh(false);
        busy = performance.now() - begin;
      }
    } catch {
      this.status.textContent = 'the guest has ended';
      this.status.className = 'gone';
    }
  }
}

async function start() {
  const source = document.getElementById('data-about') ? new FileSource() : new LiveSource();
  const explorer = new Explorer(source, await source.about());
  await explorer.load();
  document.body.dataset.ready = 'true';
  if (explorer.live) {
    explorer.follow();
  } else {
    explorer.status.textContent = '';
  }
}

start().catch((error) => {
  document.getElementById('status').textContent = 'This page cannot be shown: ' + error.message;
});
