"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const [search, role] = [form.querySelector("input[type=search]"), form.querySelector("select")];
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const roles = [...document.querySelectorAll(".role")].map((section) => ({
    section,
    rows: [...section.querySelectorAll("tbody tr")].map((row) => ({
      row,
      text: row.textContent.toLowerCase(),
      cells: [...row.querySelectorAll("td")],
    })),
  }));
  const apply = () => {
    const wanted = search.value.trim().toLowerCase();
    const states = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let [shown, all] = [0, 0];
    for (const { section, rows } of roles) {
      const isRole = !role.value || role.value === section.dataset.role;
      let some = false;
      for (const { row, text, cells } of rows) {
        const fits = cells.map((cell) => states.has(cell.dataset.state));
        // A cell of another state stays, so that the row can be read, and steps back.
        cells.forEach((cell, at) => cell.classList.toggle("dim", !fits[at]));
        row.hidden = !(text.includes(wanted) && fits.includes(true));
        some ||= !row.hidden;
        all += 1;
        if (isRole && !row.hidden) shown += 1;
      }
      section.hidden = !(isRole && some);
    }
    form.querySelector("output").textContent = shown < all ? `${shown} of ${all} rows shown` : "";
    document.getElementById("nothing").hidden = shown > 0;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  // What is folded on the screen is open on paper.
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
  });
})();
