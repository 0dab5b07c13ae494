// Enhancement only: every page works without this file.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const focus = (place) => place && (place.focus(), true);
  const say = (words) => { one("[data-say]").textContent = words; };

  // See registry.py.
  const UNITS = {
    bytes: ["字节", (text) => new TextEncoder().encode(text).length],
    chars: ["字", (text) => Math.ceil([...text].reduce((n, c) => n + (c > "ÿ" ? c.length : 0.5), 0))],
    points: ["字", (text) => [...text].length],
  };
  const showCount = (count, used) => {
    const limit = Number(count.dataset.limit || 0), word = UNITS[count.dataset.unit][0];
    const over = limit > 0 && used > limit, tooLong = `超 ${used - limit} ${word}`, bar = one("progress", count);
    if (over !== count.classList.contains("is-over")) say(count.dataset.platform + (over ? tooLong : "没有超长"));
    count.classList.toggle("is-over", over);
    if (bar) bar.value = Math.min(used, limit);
    one("output", count).textContent = over ? tooLong : used + (limit ? ` / ${limit} ${word}` : ` ${word}，不限长`);
  };
  for (const area of all("textarea[data-counts]")) {
    const counts = all(`#${area.dataset.counts} [data-unit]`);
    area.addEventListener("input", () => counts.forEach((c) => showCount(c, UNITS[c.dataset.unit][1](area.value))));
  }

  // The same as the macro `finding`.
  const make = (name, set, ...inside) => {
    const made = document.createElement(name);
    for (const key in set) made.setAttribute(key, set[key]);
    made.append(...inside);
    return made;
  };
  const icon = (name) => {
    const drawn = one(".icon").cloneNode(true);
    one("use", drawn).setAttribute("href", `#i-${name}`);
    return drawn;
  };
  const button = (form, d) =>
    make("button", { class: "button", form, formaction: d.action, formmethod: "post", name: d.name, value: d.value }, d.label);
  const finding = (f, form) => {
    const text = make("div", {}, make("strong", {}, f.title));
    const line = (...parts) => text.append(make("br"), ...parts);
    if (f.found) line("草稿写 ", make("del", {}, f.found), ...(f.expected ? [`，${f.source || "问答库"}写 `, make("ins", {}, f.expected)] : []), "。");
    if (f.text) line(f.text);
    if (f.answered) line(make("span", { class: "soft" }, `已说明：${f.answered}`));
    const shown = make("div", { class: f.is_blocking ? "finding is-over" : "finding" }, icon(f.is_blocking ? "stop" : "warn"), text);
    if (f.repair) shown.append(make("div", { class: "aside" }, button(form, f.repair)));
    if (!f.answered) {
      shown.dataset.unanswered = "";
      shown.tabIndex = -1;
      const name = f.explain && f.explain.name;
      if (name) shown.append(make("details", { class: "why" }, make("summary", {}, "说明理由"),
        make("label", { class: "field" }, make("span", {}, "采用这样写的理由"), make("input", { class: "input", form, name: `reason-${name}` })),
        button(form, { action: f.explain.action, name: "finding", value: name, label: "记下理由" })));
    }
    return shown;
  };

  // Drafts save themselves 1.5 s after the last key, and again when the network is back.
  const saves = [];
  const minute = (at) => at.length < 6 ? at : new Date(at).toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai", timeStyle: "short" });
  for (const form of all("form[data-autosave]")) {
    let timer, changed = false, busy = false;
    const scope = form.closest(".block") || document, list = one("[data-findings]", scope);
    const later = (after) => { clearTimeout(timer); timer = setTimeout(save, after); };
    const show = (answer) => {
      for (const count of all("[data-platform]", scope)) {
        const c = (answer.counts || []).find((c) => c.platform === count.dataset.platform);
        if (c) showCount(count, c.used);
      }
      if (list && answer.findings && !list.contains(document.activeElement)) {
        list.replaceChildren(...answer.findings.map((f) => finding(f, list.dataset.form || form.id)));
      }
      for (const place of all("[data-digest]")) if (answer.digest) place.textContent = `${answer.digest.slice(0, 16).match(/.{4}/g).join(" ")} …`;
    };
    const save = async () => {
      if (busy) return later(500);
      busy = true;
      changed = false;
      let words;
      try {
        const headers = { Accept: "application/json" }, body = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.dataset.autosave, { method: "POST", headers, body });
        const said = await answer.json().catch(() => ({}));
        if (!answer.ok) throw Error(said.message || said.detail || "");
        if (!changed) show(said);
        words = `${minute(said.saved_at)} 已自动保存`;
      } catch (failure) {
        changed = true;
        words = `没能保存，文字还在。${failure instanceof TypeError ? "网络断了，连上后会自动再存" : failure.message}`;
        later(15000);
      }
      busy = false;
      for (const place of all("[data-saved]", scope)) place.textContent = words;
    };
    form.addEventListener("input", () => { changed = true; later(1500); });
    addEventListener("online", () => changed && save());
    addEventListener("beforeunload", (event) => changed && event.preventDefault());
    form.addEventListener("submit", () => { clearTimeout(timer); changed = false; });
    saves.push(save);
  }

  // Gates: the verdict waits until every gate is ticked, and says how many are left.
  for (const form of all("form[data-gates]")) {
    const verdict = one("[data-key=a]", form), left = one("[data-gates-left]", form), barred = verdict && verdict.disabled;
    const count = () => {
      const open = all("[data-gate]:not(:checked)", form).length;
      if (verdict) verdict.disabled = barred || open > 0;
      if (left) left.textContent = open ? `还有 ${open} 关没有核，暂时不能通过。` : "";
    };
    form.addEventListener("change", count);
    count();
  }

  for (const bar of all("[data-batch]")) {
    const count = () => {
      const ticked = all(`input[form="${bar.id}"]:checked`).length;
      bar.hidden = !ticked;
      one("[data-batch-count]", bar).textContent = `已勾选 ${ticked} 件：`;
    };
    document.addEventListener("change", count);
    count();
  }
  for (const toast of all("[data-toast]")) {
    let timer;
    const go = () => { timer = setTimeout(() => toast.remove(), 8000); };
    toast.addEventListener("focusin", () => clearTimeout(timer));
    toast.addEventListener("focusout", go);
    go();
  }
  for (const print of all("[data-print]")) { print.hidden = false; print.onclick = () => window.print(); }
  const note = one("[data-session-note]"), ends = Date.parse(document.body.dataset.sessionEnds);
  if (note && ends) setTimeout(() => { note.hidden = false; }, ends - Date.now() - 600000);
  const live = one("[data-refresh]");
  if (live) setInterval(async () => {
    if (document.hidden || live.contains(document.activeElement)) return;
    const answer = await fetch(location).catch(() => 0);
    const fresh = answer.ok && one("[data-refresh]", new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (fresh) live.replaceChildren(...fresh.childNodes);
  }, live.dataset.refresh * 1000);
  focus(one("[data-focus]"));

  // Keys, never while writing or composing.
  const TYPED = "input:not([type=checkbox]):not([type=radio]), textarea, select";
  const typed = (key) => one(`[data-key="${key}"]`);
  const act = (found) => {
    if (!found || found.disabled) return false;
    if (!found.matches(TYPED)) found.click();
    focus(found.matches("summary") ? one(".input", found.parentNode) : found.matches(TYPED) && found);
    return true;
  };
  const move = (by) => {
    const links = all("[data-rows] .subject"), here = links.indexOf(document.activeElement);
    focus(links[here < 0 ? 0 : here + by]);
  };
  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    x: () => act(one("tr:focus-within input[type=checkbox]")),
    "/": () => focus(one("main input[type=search]")),
    "?": () => { const list = one("[data-key-list]"); if (list) list.showModal(); },
    a: () => typed("a") && (focus(one("[data-gate]:not(:checked), [data-unanswered]")) || act(typed("a"))),
  };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const key = event.key.toLowerCase(), went = Date.now() < going;
    let does = KEYS[key] || (/^[a-z1-9]$/.test(key) && typed(key) && (() => act(typed(key))));
    if (event.ctrlKey || event.metaKey) {
      does = { s: saves.length && (() => saves.map((save) => save())), enter: typed("ctrl+enter") && (() => act(typed("ctrl+enter")) || focus(one("[data-unanswered]"))) }[key];
    } else {
      if (event.target.closest(TYPED) || "keysOff" in document.body.dataset || one("dialog[open]")) return;
      if (went) does = () => act(one(`[data-go="${CSS.escape(key)}"]`));
      going = key === "g" && !went ? Date.now() + 1500 : 0;
    }
    if (does) { event.preventDefault(); does(); }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    source.select();  // where the browser gives no clipboard, Ctrl+C is all that is left to do
    if (navigator.clipboard) navigator.clipboard.writeText(source.value).then(() => { button.textContent = "已复制"; }, () => {});
  });
})();
