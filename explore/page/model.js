// The blocks as columns of numbers: a hundred thousand of them take tens of megabytes, and a search
// takes milliseconds.

const BLOCK_FIELDS = ['number', 'linear', 'eip', 'physical', 'cpl', 'bits', 'timeUs', 'cr3', 'hostBytes',
                      'symbol', 'mode'];

function grown(array, length) {
  if (array.length >= length) return array;
  const larger = new array.constructor(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

class Model {
  constructor(about) {
    this.outcomes = about.outcomes;
    this.size = 0;
    this.texts = [];
    this.columns = {};
    for (const name of BLOCK_FIELDS) this.columns[name] = new Float64Array(4096);
    this.begin = new Uint32Array(4097);        // of a block's instructions
    this.instructionText = new Uint32Array(65536);
    this.instructionMeta = new Uint8Array(65536);  // outcome * 16 + bytes
    this.guestBytes = new Uint32Array(4096);
    this.figures = null;
    this.setSizes();
  }
  setSizes() {
    for (const name of ['count', 'ns', 'exitCount', 'exitNs']) {
      this[name] = grown(this[name] ?? new Float64Array(4096), this.size);
    }
  }
  // A piece; of blocks that are known already only the new ones are taken.
  add(piece) {
    for (let i = 0; i < piece.texts.length; ++i) this.texts[piece.firstText + i] = piece.texts[i];
    for (let k = this.size - piece.from; k < piece.blocks.length; ++k) this.addBlock(piece.blocks[k]);
    this.setSizes();
  }
  addBlock(row) {
    const index = this.size++;
    BLOCK_FIELDS.forEach((name, i) => {
      const column = this.columns[name] = grown(this.columns[name], this.size);
      column[index] = row[i];
    });
    const list = row[BLOCK_FIELDS.length];
    const begin = this.begin[index];
    const end = begin + list.length / 2;
    this.begin = grown(this.begin, this.size + 1);
    this.begin[index + 1] = end;
    this.instructionText = grown(this.instructionText, end);
    this.instructionMeta = grown(this.instructionMeta, end);
    this.guestBytes = grown(this.guestBytes, this.size);
    let bytes = 0;
    for (let i = 0; i < list.length; i += 2) {
      this.instructionText[begin + i / 2] = list[i];
      this.instructionMeta[begin + i / 2] = list[i + 1];
      bytes += list[i + 1] & 15;
    }
    this.guestBytes[index] = bytes;
  }
  block(index) {
    const block = {index};
    for (const name of BLOCK_FIELDS) block[name] = this.columns[name][index];
    block.symbol = this.texts[block.symbol];
    block.mode = this.texts[block.mode];
    block.guestBytes = this.guestBytes[index];
    block.count = this.count[index];
    block.ns = this.ns[index];
    block.dropped = this.figures?.dropped[index];
    block.instructions = [];
    let offset = 0;
    for (let i = this.begin[index]; i < this.begin[index + 1]; ++i) {
      const meta = this.instructionMeta[i];
      block.instructions.push({text: this.texts[this.instructionText[i]], outcome: meta >> 4, bytes: meta & 15,
                               linear: (block.linear + offset) >>> 0});
      offset += meta & 15;
    }
    return block;
  }
  setFigures(figures) {
    this.figures = figures;
    this.setSizes();
    for (const name of ['count', 'ns', 'exitCount', 'exitNs']) this[name].fill(0);
    this.entries = new Map();  // by block: [[first instruction, count]]
    const {executed, exits} = figures;
    for (let i = 0; i < executed.length; i += 4) {
      const block = executed[i];
      if (block >= this.size) continue;
      this.count[block] += executed[i + 2];
      this.ns[block] += executed[i + 3];
      if (!this.entries.has(block)) this.entries.set(block, []);
      this.entries.get(block).push([executed[i + 1], executed[i + 2]]);
    }
    this.exitsByBlock = new Map();
    this.exitsByCause = new Map();
    for (let i = 0; i < exits.length; i += 5) {
      const exit = {block: exits[i], linear: exits[i + 1], cause: exits[i + 2], count: exits[i + 3],
                    ns: exits[i + 4]};
      if (exit.block >= 0 && exit.block < this.size) {
        this.exitCount[exit.block] += exit.count;
        this.exitNs[exit.block] += exit.ns;
        if (!this.exitsByBlock.has(exit.block)) this.exitsByBlock.set(exit.block, []);
        this.exitsByBlock.get(exit.block).push(exit);
      }
      let cause = this.exitsByCause.get(exit.cause);
      if (!cause) this.exitsByCause.set(exit.cause, cause = {count: 0, ns: 0, places: []});
      cause.count += exit.count;
      cause.ns += exit.ns;
      cause.places.push(exit);
    }
  }
  holds(index, linear) {
    const begin = this.columns.linear[index];
    return linear >= begin && linear < begin + this.guestBytes[index];
  }
  // The most executed block that begins at, or else holds, this address.
  find(linear) {
    let best = -1, starts = false;
    for (let i = 0; i < this.size; ++i) {
      if (!this.holds(i, linear)) continue;
      const here = this.columns.linear[i] === linear;
      if (best < 0 || (here && !starts) || (here === starts && this.count[i] >= this.count[best])) {
        best = i;
        starts = here;
      }
    }
    return best;
  }
  // Indices of the blocks that match, ordered.
  select(query, order, range) {
    const words = query.trim().toLowerCase();
    let matches = () => true;
    if (/^#\d+$/.test(words)) {
      const number = Number(words.slice(1));
      matches = (i) => this.columns.number[i] === number;
    } else if (words) {
      matches = this.matcher(words);
    }
    const found = [];
    const {timeUs} = this.columns;
    for (let i = 0; i < this.size; ++i) {
      if (range && (timeUs[i] < range[0] || timeUs[i] >= range[1])) continue;
      if (matches(i)) found.push(i);
    }
    const keys = {
      count: (i) => -this.count[i], time: (i) => -this.ns[i], exits: (i) => -this.exitCount[i],
      cost: (i) => -this.exitNs[i], growth: (i) => -this.columns.hostBytes[i],
      address: (i) => this.columns.linear[i], born: (i) => i,
    };
    const key = keys[order];
    const values = new Float64Array(this.size);
    for (const i of found) values[i] = key(i);
    return Uint32Array.from(found).sort((a, b) => values[a] - values[b] || a - b);
  }
  matcher(words) {
    const address = /^(0x)?[0-9a-f]{3,8}$/.test(words) ? parseInt(words, 16) : -1;
    const hits = new Uint8Array(this.texts.length);
    for (let i = 1; i < hits.length; ++i) hits[i] = this.texts[i]?.toLowerCase().includes(words) ? 1 : 0;
    const {symbol} = this.columns;
    return (i) => {
      if (address >= 0 && this.holds(i, address)) return true;
      if (hits[symbol[i]]) return true;
      for (let k = this.begin[i]; k < this.begin[i + 1]; ++k) {
        if (hits[this.instructionText[k]]) return true;
      }
      return false;
    };
  }
}
