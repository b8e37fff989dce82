"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const [search, rule] = [form.querySelector("input[type=search]"), form.querySelector("select")];
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const articles = [...document.querySelectorAll("article")].map((article) => ({
    article,
    findings: [...article.querySelectorAll(".finding")].map((finding) => ({
      finding,
      text: finding.textContent.toLowerCase(),
    })),
  }));
  const apply = () => {
    const wanted = search.value.trim().toLowerCase();
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = false;
    for (const { article, findings } of articles) {
      const fits =
        severities.has(article.dataset.severity) && (!rule.value || rule.value === article.dataset.rule);
      let some = false;
      for (const { finding, text } of findings) {
        finding.hidden = !text.includes(wanted);
        some ||= !finding.hidden;
      }
      article.hidden = !(fits && some);
      shown ||= !article.hidden;
    }
    document.getElementById("nothing").hidden = shown;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  // What is folded on the screen is open on paper.
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll(".finding")) one.open = true;
  });
})();
