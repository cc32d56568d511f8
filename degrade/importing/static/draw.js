// Orders drawn from a text, the same in every browser: an FNV-1a hash seeds a Weyl sequence whose bits are then mixed.

function drawn(text) {
  let state = 0x811c9dc5;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0), 0x01000193);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}

// The list in an order drawn from a text.
function shuffled(list, text) {
  const [next, found] = [drawn(text), [...list]];
  for (let last = found.length - 1; last > 0; last -= 1) {
    const place = Math.floor(next() * (last + 1));
    [found[last], found[place]] = [found[place], found[last]];
  }
  return found;
}
