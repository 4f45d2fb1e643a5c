// The page of a run that is being made: how far it is, and the page anew when it has ended.
const shown = document.querySelector("[data-run]");
const bar = shown.querySelector("progress");
const words = shown.querySelector("[data-progress]");
const ENDS = ["run.completed", "run.failed", "run.cancelled"];

const source = new EventSource(`${shown.dataset.run}?after=${shown.dataset.done}`);
source.addEventListener("trial.completed", ({ data }) => {
  const { progress } = JSON.parse(data);
  bar.value = progress.done;
  words.textContent = `${progress.done} of ${progress.total} trials, ${progress.passed} passed.`;
});
for (const name of ENDS) {
  source.addEventListener(name, () => {
    source.close();
    location.reload();
  });
}
