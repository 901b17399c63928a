// Where the page's data comes from: elements of the page itself, or the server of a running guest.
// Both give the pieces that explore/encoding.h describes.

async function unpack(element) {
  const packed = atob(element.textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; ++i) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).json();
}

class FileSource {
  static CODES = 64;  // blocks of one piece of code
  static KEPT = 24;   // such pieces

  constructor() {
    this.pieces = new Map();  // of code, the last used one last
  }
  element(id) { return document.getElementById('data-' + id); }
  about() { return unpack(this.element('about')); }
  figures() { return unpack(this.element('figures')); }
  async blocks(from) {
    const element = this.element('blocks-' + from);
    const piece = await unpack(element);
    element.remove();
    return piece;
  }
  async code(index) {
    const from = index - index % FileSource.CODES;
    let piece = this.pieces.get(from);
    this.pieces.delete(from);
    piece ??= unpack(this.element('code-' + from));
    this.pieces.set(from, piece);
    if (this.pieces.size > FileSource.KEPT) this.pieces.delete(this.pieces.keys().next().value);
    return (await piece)[index - from];
  }
  // {out: [[to, count, chained]], in: [[from, count, chained]]}, the most frequent first.
  async steps(index) {
    this.all ??= unpack(this.element('steps')).then((data) => stepTable(data));
    return (await this.all).get(index) ?? {out: [], in: []};
  }
}

class LiveSource {
  async ask(path) {
    const answer = await fetch(path, {cache: 'no-store'});
    if (!answer.ok) throw new Error(path + ': ' + answer.status);
    return answer.json();
  }
  about() { return this.ask('/about'); }
  figures() { return this.ask('/figures'); }
  blocks(from) { return this.ask('/blocks/' + from); }
  code(index) { return this.ask('/code/' + index); }
  async steps(index) {
    return stepTable(await this.ask('/steps/' + index)).get(index) ?? {out: [], in: []};
  }
}

function stepTable(data) {
  const table = new Map();
  const at = (index) => {
    let place = table.get(index);
    if (!place) table.set(index, place = {out: new Map(), in: new Map()});
    return place;
  };
  for (let i = 0; i < data.steps.length; i += 3) {
    const [from, to, count] = data.steps.slice(i, i + 3);
    at(from).out.set(to, [to, count, false]);
    at(to).in.set(from, [from, count, false]);
  }
  for (let i = 0; i < data.chains.length; i += 2) {
    const [from, to] = data.chains.slice(i, i + 2);
    const out = at(from).out, into = at(to).in;
    out.set(to, [to, out.get(to)?.[1] ?? 0, true]);
    into.set(from, [from, into.get(from)?.[1] ?? 0, true]);
  }
  const ranked = (map) => [...map.values()].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  for (const place of table.values()) {
    place.out = ranked(place.out);
    place.in = ranked(place.in);
  }
  return table;
}
