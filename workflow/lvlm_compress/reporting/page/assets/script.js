// Filters of the metrics table; sorting is sortable.auto.min.js. Rows are looked up anew each time,
// because sorting puts a new body in place.
"use strict";
(function () {
  const form = document.getElementById("filters");
  const table = document.getElementById("metrics-table");
  const count = document.getElementById("count");
  if (!form || !table) return;

  function matches(row, wanted) {
    const text = row.textContent.toLowerCase();
    return (!wanted.headline || row.dataset.headline === "yes")
      && (!wanted.significant || row.dataset.significant === "yes")
      && (!wanted.model || row.cells[0].textContent === wanted.model)
      && (!wanted.compression || row.cells[1].textContent === wanted.compression)
      && (!wanted.benchmark || row.cells[2].textContent === wanted.benchmark)
      && wanted.words.every(function (word) { return text.includes(word); });
  }

  function apply() {
    const wanted = {
      headline: form.elements.headline.checked,
      significant: form.elements.significant.checked,
      model: form.elements.model.value,
      compression: form.elements.compression.value,
      benchmark: form.elements.benchmark.value,
      words: form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean),
    };
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !matches(row, wanted);
      if (!row.hidden) shown += 1;
    }
    count.textContent = shown + " of " + table.tBodies[0].rows.length + " rows";
  }

  form.addEventListener("input", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  apply();
})();
