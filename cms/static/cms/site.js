/* Small helps for pages that work without them: focus, menu, busy buttons, text size. */
(function () {
  "use strict";
  var doc = document;

  // The error summary takes focus so that a screen reader starts with what is to be put right.
  var summary = doc.querySelector("[data-focus]");
  if (summary) summary.focus();

  // A link to a field puts the cursor into it; the label stays in sight.
  doc.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest(".error-summary a[href^='#']") : null;
    var field = link && doc.getElementById(link.getAttribute("href").slice(1));
    if (!field) return;
    event.preventDefault();
    var box = field.closest(".field") || field;
    box.scrollIntoView();
    field.focus({ preventScroll: true });
  });

  // The menu closes by Escape and by a tap beside it.
  var menu = doc.querySelector("[data-menu]");
  if (menu) {
    doc.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && menu.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    });
    doc.addEventListener("click", function (event) {
      if (menu.open && !menu.contains(event.target)) menu.open = false;
    });
  }

  // A button with data-busy says what is going on and cannot be sent twice.
  doc.addEventListener("submit", function (event) {
    var button = event.submitter || event.target.querySelector("[data-busy]");
    if (event.defaultPrevented || !button || !button.dataset.busy) return;
    if (button.classList.contains("is-busy")) {
      event.preventDefault();
      return;
    }
    button.dataset.words = button.textContent;
    button.textContent = button.dataset.busy;
    button.classList.add("is-busy");
    button.setAttribute("aria-disabled", "true");
  });
  // Coming back by the browser's own button must not find a dead page.
  window.addEventListener("pageshow", function () {
    doc.querySelectorAll(".is-busy[data-words]").forEach(function (button) {
      button.textContent = button.dataset.words;
      button.classList.remove("is-busy");
      button.removeAttribute("aria-disabled");
    });
  });

  // On a shared phone the page asks for the password when nobody touched it for so long, and after Back.
  var shared = doc.querySelector("[data-lock-after]");
  if (shared) {
    var touched = Date.now();
    var told = touched;
    ["click", "keydown", "scroll", "touchstart"].forEach(function (name) {
      doc.addEventListener(name, function () {
        touched = Date.now();
        if (touched - told < 60000) return;
        told = touched;
        fetch(shared.dataset.awake, { credentials: "same-origin" });
      }, { passive: true });
    });
    window.setInterval(function () {
      if (Date.now() - touched > (Number(shared.dataset.lockAfter) + 2) * 1000) {
        window.location.assign(window.location.pathname + window.location.search);
      }
    }, 5000);
    window.addEventListener("pageshow", function (event) {
      if (event.persisted) window.location.reload();
    });
  }

  // A radio or checkbox of a filter form sends it at once; the button stays for those without script.
  doc.addEventListener("change", function (event) {
    var form = event.target.form;
    if (form && form.hasAttribute("data-autosubmit")) form.submit();
  });
})();
