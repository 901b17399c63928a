// The blocks around the chosen one: whence executions came, and where they went.

const SVG = 'http://www.w3.org/2000/svg';

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

class GraphView {
  static NEAR = 6;     // neighbours shown on each side
  static FAR = 2;      // of each of these
  static DEPTH = 2;
  static WIDTH = 112;
  static HEIGHT = 40;
  static GAP_X = 14;
  static GAP_Y = 52;

  constructor(model, source, onChoose) {
    this.model = model;
    this.source = source;
    this.onChoose = onChoose;
    this.box = document.getElementById('graph');
  }
  async show(index) {
    this.index = index;
    const levels = await this.collect(index);
    if (this.index === index) this.paint(index, levels);
  }
  // Breadth first, upwards by what comes before and downwards by what comes behind.
  async collect(index) {
    const level = new Map([[index, 0]]);
    const edges = new Map();
    const hidden = {in: 0, out: 0};
    const steps = new Map();
    const stepsOf = async (at) => {
      if (!steps.has(at)) steps.set(at, await this.source.steps(at));
      return steps.get(at);
    };
    for (const [side, sign] of [['in', -1], ['out', 1]]) {
      let front = [index];
      for (let depth = 1; depth <= GraphView.DEPTH; ++depth) {
        const limit = depth === 1 ? GraphView.NEAR : GraphView.FAR;
        const next = [];
        const all = await Promise.all(front.map(stepsOf));
        front.forEach((at, i) => {
          const list = all[i][side];
          if (at === index) hidden[side] = Math.max(list.length - limit, 0);
          for (const [other] of list.slice(0, limit)) {
            if (level.has(other) || other >= this.model.size) continue;
            level.set(other, sign * depth);
            next.push(other);
          }
        });
        front = next.slice(0, GraphView.NEAR);
        for (const dropped of next.slice(GraphView.NEAR)) level.delete(dropped);
      }
    }
    for (const at of level.keys()) {
      for (const [to, count, chained] of (await stepsOf(at)).out) {
        if (level.has(to)) edges.set(at + '>' + to, {from: at, to, count, chained});
      }
    }
    return {level, edges: [...edges.values()], hidden};
  }
  paint(index, {level, edges, hidden}) {
    const rows = [];
    for (let depth = -GraphView.DEPTH; depth <= GraphView.DEPTH; ++depth) {
      const row = [...level].filter(([, at]) => at === depth).map(([block]) => block);
      if (row.length) rows.push(row);
    }
    const {WIDTH, HEIGHT, GAP_X, GAP_Y} = GraphView;
    const columns = 3;
    const place = new Map();
    let y = 10;
    for (const row of rows) {
      for (let i = 0; i < row.length; i += columns) {
        const part = row.slice(i, i + columns);
        const width = part.length * (WIDTH + GAP_X) - GAP_X;
        part.forEach((block, k) => place.set(block, [(columns * (WIDTH + GAP_X) - GAP_X - width) / 2 + k * (WIDTH + GAP_X) + 8, y]));
        y += HEIGHT + (i + columns < row.length ? 26 : GAP_Y);
      }
    }
    const width = columns * (WIDTH + GAP_X) + 16;
    const svg = draw('svg', {width: '100%', viewBox: `0 0 ${width} ${y}`});
    svg.append(draw('defs', {}, draw('marker', {id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto', markerUnits: 'userSpaceOnUse'},
        draw('path', {d: 'M0 0 L8 4 L0 8', style: 'fill:none'}))));
    const highest = Math.max(1, ...edges.map((edge) => edge.count));
    for (const edge of edges) svg.append(this.edge(edge, place, highest));
    for (const [block, at] of place) svg.append(this.node(block, at, block === index));
    const more = hidden.in + hidden.out;
    this.box.replaceChildren(svg, make('p', 'note',
        'A solid line: chained, host code jumps straight there. A dashed one: through the jump table, the return stack or the run loop. ' +
        'Figures are executions.' + (more ? ` ${more} less frequent neighbours are not drawn.` : '')));
  }
  edge({from, to, count, chained}, place, highest) {
    const {WIDTH, HEIGHT} = GraphView;
    const [x1, y1] = place.get(from), [x2, y2] = place.get(to);
    const a = x1 + WIDTH / 2, b = x2 + WIDTH / 2;
    let d, tx, ty;
    if (from === to) {
      d = `M${x1 + WIDTH - 18} ${y1 + HEIGHT} c10 26 40 10 18 -12`;
      [tx, ty] = [x1 + WIDTH + 2, y1 + HEIGHT + 14];
    } else if (y2 > y1) {
      d = `M${a} ${y1 + HEIGHT} C${a} ${y1 + HEIGHT + 24} ${b} ${y2 - 24} ${b} ${y2 - 1}`;
      [tx, ty] = [(a + b) / 2 + 4, (y1 + HEIGHT + y2) / 2 + 3];
    } else {
      const side = Math.max(x1, x2) + WIDTH + 14 > 370 ? -1 : 1;
      const sx = side > 0 ? x1 + WIDTH : x1, ex = side > 0 ? x2 + WIDTH : x2;
      const bend = side * 26;
      d = `M${sx} ${y1 + HEIGHT / 2} C${sx + bend} ${y1 + HEIGHT / 2} ${ex + bend} ${y2 + HEIGHT / 2} ${ex + side} ${y2 + HEIGHT / 2}`;
      [tx, ty] = [(sx + ex) / 2 + bend * 0.8, (y1 + y2 + HEIGHT) / 2];
    }
    const strength = count > 0 ? Math.log(1 + count) / Math.log(1 + highest) : 0;
    const path = draw('path', {d, class: chained ? 'chained' : 'table', 'marker-end': 'url(#arrow)', 'stroke-width': (0.8 + 2.2 * strength).toFixed(2), opacity: (0.3 + 0.7 * strength).toFixed(2)});
    return draw('g', {}, path, draw('text', {x: tx, y: ty, class: 'dim'}, count ? short(count) : ''));
  }
  node(block, [x, y], chosen) {
    const {model} = this;
    const {WIDTH, HEIGHT} = GraphView;
    const linear = model.columns.linear[block];
    const name = model.texts[model.columns.symbol[block]];
    const {color} = heat(model.count[block], model.count.reduce((a, b) => Math.max(a, b), 0));
    const first = name ? name : `${model.begin[block + 1] - model.begin[block]} instr. ×${short(model.count[block])}`;
    const node = draw('g', {class: chosen ? 'node on' : 'node'}, draw('rect', {x, y, width: WIDTH, height: HEIGHT, rx: 5}),
        draw('rect', {x, y, width: 4, height: HEIGHT, rx: 2, style: `fill:${color};stroke:none`}),
        draw('text', {x: x + 11, y: y + 16}, hex(linear)), draw('text', {x: x + 11, y: y + 31, class: 'dim'}, first.slice(0, 16)),
        draw('title', {}, `${hex(linear)} ${name} ×${whole(model.count[block])}`));
    node.dataset.block = block;
    node.addEventListener('click', () => this.onChoose(block));
    return node;
  }
}
