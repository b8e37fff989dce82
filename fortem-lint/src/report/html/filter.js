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
      text: `${article.querySelector("h3").textContent} ${finding.textContent}`.toLowerCase(),
      count: Number(finding.dataset.count || 1),
    })),
  }));
  const apply = () => {
    const wanted = search.value.trim().toLowerCase();
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let [shown, all] = [0, 0];
    for (const { article, findings } of articles) {
      const fits =
        severities.has(article.dataset.severity) && (!rule.value || rule.value === article.dataset.rule);
      let some = false;
      for (const { finding, text, count } of findings) {
        finding.hidden = !text.includes(wanted);
        some ||= !finding.hidden;
        all += count;
        if (fits && !finding.hidden) shown += count;
      }
      article.hidden = !(fits && some);
    }
    form.querySelector("output").textContent = shown < all ? `${shown} of ${all} shown` : "";
    document.getElementById("nothing").hidden = shown > 0;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  // What is folded on the screen is open on paper.
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll(".finding")) one.open = true;
  });
})();
