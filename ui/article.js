// A digit in words, null for none. Stands before the script of every part that says one.

const aDigit = (digit) => (digit === null ? "no digit" : `${digit === 8 ? "an" : "a"} ${digit}`);
