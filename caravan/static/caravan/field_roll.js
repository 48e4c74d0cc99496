/* The roll without reloading: one tap, one request; without this script each tap is a plain form. */
(function () {
  "use strict";
  var doc = document;
  var open = doc.querySelector("[data-open]");
  var marked = doc.querySelector("[data-marked]");
  var said = doc.querySelector("[data-said]");
  if (!open || !marked || !window.fetch || !window.FormData || !window.DOMParser) return;

  doc.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.hasAttribute("data-tap") || !event.submitter) return;
    event.preventDefault();
    if (form.hasAttribute("data-sending")) return;
    form.setAttribute("data-sending", "");
    event.submitter.setAttribute("aria-pressed", "true");
    var data = new FormData(form);
    data.append(event.submitter.name, event.submitter.value);
    fetch(form.action, { method: "POST", body: data, headers: { "X-Part": "row" }, credentials: "same-origin" })
      .then(function (answer) {
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        return answer.text();
      })
      .then(function (text) {
        show(form.closest("[data-row]"), new DOMParser().parseFromString(text, "text/html"));
      })
      .catch(function () {
        // The same client id goes with the plain form: nothing is counted twice.
        form.removeAttribute("data-tap");
        event.submitter.click();
      });
  });

  function show(old, part) {
    var counts = part.querySelector("[data-counts]");
    var row = part.querySelector("[data-row]");
    if (!counts || !row) return;
    doc.querySelector("[data-counts]").replaceWith(counts);
    var next = old.nextElementSibling || old.previousElementSibling;
    if (row.classList.contains("is-marked")) {
      old.remove();
      insert(row);
      if (next) {
        var button = next.querySelector(".mark");
        if (button) button.focus({ preventScroll: true });
      }
    } else {
      old.replaceWith(row);
    }
    count("[data-open-count]", open.children.length);
    count("[data-marked-count]", marked.children.length);
    said.textContent = row.textContent.replace(/\s+/g, " ").trim();
  }

  // Keep the marked rows in the order of the roll.
  function insert(row) {
    var number = numberOf(row);
    var after = Array.prototype.find.call(marked.children, function (one) { return numberOf(one) > number; });
    marked.insertBefore(row, after || null);
  }

  function numberOf(row) {
    return Number(row.querySelector(".roll-no").textContent);
  }

  function count(where, number) {
    var place = doc.querySelector(where);
    if (place) place.textContent = place.textContent.replace(/\d+/, String(number));
  }
})();
