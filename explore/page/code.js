// One block: guest instructions on the left, what each became on the right.

const COLORS = ['--ident', '--rewritten', '--software', '--incache', '--simulated', '--nothing', '--raises'];
const OUT_OF_LINE_ENDS = /^(jmp|ret)/;

const outcomeColor = (outcome) => `var(${COLORS[outcome]})`;

class CodeView {
  constructor(model, source, onChoose) {
    this.model = model;
    this.source = source;
    this.onChoose = onChoose;
    this.head = document.getElementById('block');
    this.lines = document.getElementById('lines');
    this.pinned = null;
    new ResizeObserver(() => this.lines.classList.toggle('wide', this.lines.clientWidth > 1080))
        .observe(this.lines);
  }
  async show(index, linear) {
    this.index = index;
    const block = this.model.block(index);
    let code;
    try {
      code = await this.source.code(index);
    } catch (error) {
      if (this.index === index) this.lines.replaceChildren(make('p', 'note', 'The code did not come: ' + error.message));
      return;
    }
    if (this.index !== index) return;  // another one was chosen meanwhile
    this.block = block;
    this.drawHead(block);
    this.drawLines(block, code);
    this.lines.scrollTop = 0;
    const wanted = block.instructions.findIndex((each) => each.linear === linear);
    if (wanted > 0) this.pin(this.pairs[wanted]);
  }
  drawHead(block) {
    const fact = (name, value) => make('span', 'dim', ` ${name} `, make('b', '', value), ' ');
    const copied = block.instructions.filter((each) => each.outcome === 0).length;
    const head = make('div', '', make('h2', '', hex(block.linear)), ' ', make('span', 'dim', block.symbol || ''));
    const facts = make('div', '', fact('block', '#' + block.number), fact('executed', whole(block.count) + ' times'),
        fact('time', '≈ ' + duration(block.ns)), fact('guest', `${block.instructions.length} instructions, ${block.guestBytes} bytes`),
        fact('copied', String(copied)));
    if (block.hostBytes) {
      facts.append(fact('host', `${block.hostBytes} bytes, ${(block.hostBytes / block.guestBytes).toFixed(1)}×`));
    }
    const where = make('div', 'dim', `${block.mode || `CPL ${block.cpl}, ${block.bits}-bit code`} · eip ${hex(block.eip)} · physical ${hex(block.physical)}` +
        ` · CR3 ${hex(block.cr3)} · translated at ${duration(block.timeUs * 1000)}` + (block.dropped ? ` · dropped: ${block.dropped}` : ''));
    const mix = make('div', 'mix');
    this.model.outcomes.forEach((name, outcome) => {
      const count = block.instructions.filter((each) => each.outcome === outcome).length;
      if (!count) return;
      const part = make('div');
      part.style.cssText = `flex:${count};background:${outcomeColor(outcome)}`;
      part.title = `${name}: ${count} of ${block.instructions.length}`;
      mix.append(part);
    });
    this.head.replaceChildren(head, facts, where, mix);
  }
  drawLines(block, code) {
    this.pairs = [];
    this.pinned = null;
    let address = code.host;
    const hostLines = (list) => list.map(([bytes, text, name]) => {
      const line = make('div', 'hi', make('span', 'ad', hex(address)), make('span', 'hex', bytes), make('span', '', text), make('span', 'nm', name));
      line.dataset.address = address;
      address += bytes.length / 2;
      return line;
    });
    const heads = make('div', 'heads', make('div', '', 'guest'), make('div', '', code.host ? 'host' : ''));
    const rows = [heads];
    const part = (name, list) => {
      if (!list.length) return [];
      const lines = hostLines(list);
      const pair = make('div', 'pair part', make('div', 'guest', name), make('div', 'host', ...lines));
      rows.push(pair);
      return lines;
    };
    part('entry: is this the eip that was meant?', code.entry);
    code.instructions.forEach((row, i) => rows.push(this.makePair(block, i, row, hostLines)));
    const outOfLine = part('out of line', code.outOfLine);
    if (!code.host) rows.push(make('p', 'note', ' This trace holds no host code; run --trace explore=FILE records it.'));
    this.linkStubs(outOfLine);
    this.lines.replaceChildren(...rows);
  }
  makePair(block, i, [bytes, text, why, host], hostLines) {
    const instruction = block.instructions[i];
    const line = make('div', 'gi', make('span', 'ad', hex(instruction.linear)), make('span', 'hex', bytes),
        this.guestText(block, text), make('span', 'tag', this.model.outcomes[instruction.outcome]));
    const guest = make('div', 'guest', line);
    const pair = make('div', 'pair', guest, make('div', 'host', ...hostLines(host)));
    pair.style.setProperty('--c', outcomeColor(instruction.outcome));
    pair.dataset.linear = hex(instruction.linear);
    pair.why = why;
    const badges = this.badges(block, i, instruction);
    if (badges.length) guest.append(make('div', 'badges', ...badges));
    pair.addEventListener('mouseenter', () => this.mark(pair, true));
    pair.addEventListener('mouseleave', () => this.mark(pair, false));
    pair.addEventListener('click', () => this.pin(pair === this.pinned ? null : pair));
    this.pairs.push(pair);
    return pair;
  }
  // A direct branch leads to the block that it names.
  guestText(block, text) {
    const target = /^(j\w+|call|loop\w*) (0x[0-9a-f]+)$/.exec(text);
    if (!target) return make('span', '', text);
    const linear = (parseInt(target[2], 16) + block.linear - block.eip) >>> 0;
    const link = make('a', '', target[2]);
    link.addEventListener('click', (event) => {
      event.stopPropagation();
      const there = this.model.find(linear);
      if (there >= 0) this.onChoose(there, linear);
    });
    return make('span', '', target[1] + ' ', link);
  }
  badges(block, i, instruction) {
    const badges = [];
    for (const [first, count] of this.model.entries?.get(block.index) ?? []) {
      if (first === i) badges.push(make('span', 'badge entry', `${i === 0 ? 'entered' : 'returned to'} ×${short(count)}`));
    }
    for (const exit of this.model.exitsByBlock?.get(block.index) ?? []) {
      if (exit.linear !== instruction.linear) continue;
      const {causes, costs} = this.model.figures;
      const cost = costs ? `, ${duration(exit.ns / exit.count)} each` : '';
      badges.push(make('span', 'badge exit', `${causes[exit.cause]} ×${short(exit.count)}${cost}`));
    }
    return badges;
  }
  // Which out-of-line code belongs to an instruction: what its jumps lead to, up to the next jump away.
  linkStubs(outOfLine) {
    const places = new Map(outOfLine.map((line, i) => [Number(line.dataset.address), i]));
    for (const pair of this.pairs) {
      pair.stubs = [];
      for (const line of pair.querySelectorAll('.hi')) {
        const target = /^\w+ (0x[0-9a-f]+)$/.exec(line.children[2].textContent);
        let at = target ? places.get(parseInt(target[1], 16)) : undefined;
        for (; at !== undefined && at < outOfLine.length; ++at) {
          pair.stubs.push(outOfLine[at]);
          if (OUT_OF_LINE_ENDS.test(outOfLine[at].children[2].textContent)) break;
        }
      }
    }
  }
  mark(pair, on) {
    pair.classList.toggle('on', on);
    if (pair !== this.pinned) for (const line of pair.stubs) line.classList.toggle('linked', on);
  }
  pin(pair) {
    if (this.pinned) {
      this.pinned.classList.remove('pinned');
      this.pinned.querySelector('.why')?.remove();
      for (const line of this.pinned.stubs) line.classList.remove('linked');
    }
    this.pinned = pair;
    if (!pair) return;
    pair.classList.add('pinned');
    for (const line of pair.stubs) line.classList.add('linked');
    pair.firstChild.append(make('div', 'why', pair.why || 'A copy: the same bytes do the same here.'));
    pair.scrollIntoView({block: 'nearest'});
  }
}
