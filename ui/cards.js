// Runs once when the cards are on the page; Gradio hands in element and props.

const cards = element.querySelector(".cards");
const verdict = element.querySelector(".verdict");
const sentence = element.querySelector(".sentence");
const RIVAL = 0.1; // from this probability on the second best is worth naming

let count = 0;
let latest = null;

function percent(probability) {
  return (100 * probability).toFixed(1);
}

// What a net says in words: {digit, certainty, doubt}.
function worded(answer) {
  if (!answer?.probabilities) {
    return { digit: null, certainty: "", doubt: answer ? "There is nothing to read." : "" };
  }
  const order = answer.probabilities.map((p, digit) => [p, digit]).sort(([a], [b]) => b - a);
  const [[best, first], [rival, second]] = order;
  if (answer.digit === null) {
    return { digit: null, certainty: "", doubt: "This doesn’t look like a digit." };
  }
  const doubt = rival >= RIVAL ? `Looks like ${first}, maybe ${second}.` : "";
  return { digit: answer.digit, certainty: percent(best), doubt };
}

function fill(card, answer) {
  const { digit, certainty, doubt } = worded(answer);
  card.dataset.digit = digit ?? "";
  card.querySelector(".digit").textContent = digit ?? (answer ? "?" : "–");
  card.querySelector(".certainty").textContent = certainty && `${certainty} %`;
  card.querySelector(".doubt").textContent = doubt;
  card.querySelectorAll(".bars li").forEach((row, i) => {
    const probability = answer?.probabilities?.[i] ?? 0;
    row.classList.toggle("best", i === digit);
    row.querySelector("i").style.width = `${100 * probability}%`;
    row.querySelector(".number").textContent = percent(probability);
  });
  card.dataset.answerId = count; // last: who waits for it finds the rest in place
}

function fillStrip(shown) {
  const strip = document.querySelector("[data-strip]");
  if (!strip) return;
  strip.replaceChildren(
    ...shown.map(({ variant, title, sign }) => {
      const { digit, certainty } = worded(latest?.[variant]);
      const chip = document.createElement("p");
      chip.className = `chip ${variant}`;
      chip.title = title;
      chip.innerHTML = `${sign}<b>${digit ?? (latest ? "?" : "–")}</b>`;
      chip.append(certainty && `${certainty} %`);
      return chip;
    }),
  );
}

function judge(shown) {
  const digits = shown.map(({ variant }) => worded(latest?.[variant]).digit);
  const isPair = shown.length === 2 && digits.some((digit) => digit !== null);
  const agree = digits[0] === digits[1];
  verdict.textContent = isPair ? (agree ? "agree" : "disagree") : "";
  verdict.dataset.agree = agree;
  sentence.textContent = said(shown, digits);
}

function said(shown, digits) {
  if (latest === null) return "Draw a digit and watch.";
  if (shown.length === 1) return `${shown[0].title}: ${aDigit(digits[0])}.`;
  if (digits[0] === digits[1]) return `Both read ${aDigit(digits[0])}.`;
  return `${shown.map(({ title }, i) => `${title}: ${aDigit(digits[i])}`).join("; ")}.`;
}

function render() {
  count += 1;
  const choice = element.querySelector("input:checked").value;
  const shown = props.nets.filter(({ variant }) => choice === "both" || variant === choice);
  cards.dataset.shown = choice;
  fillStrip(shown);
  judge(shown);
  for (const { variant } of props.nets) {
    fill(element.querySelector(`[data-testid="answer-${variant}"]`), latest?.[variant]);
  }
}

document.addEventListener("answers", (event) => {
  latest = event.detail;
  render();
});
element.querySelector(".choice").addEventListener("change", render);
latest = window.latestAnswers ?? null;
render();
