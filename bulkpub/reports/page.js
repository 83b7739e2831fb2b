// The table of files: search, filter, sort and pages, of a hundred thousand rows as of ten.
// Rule: what is in the table's JSON reaches the page as text (textContent) and as addresses that
// were checked when the page was made; nothing is ever read as HTML.
"use strict";
(() => {
  const PAGE = 100, MOST_PRINTED = 2000;
  const data = JSON.parse(document.getElementById("table").textContent);
  const [STATUS, DATASET, NAME, SOURCE, FORMAT, SIZE, SENT, TOOK, SENTENCE, LINK] =
    Array(10).keys();
  const rows = data.rows, words = data.words;
  const $ = (id) => document.getElementById(id);
  const body = $("rows").tBodies[0], head = $("rows").tHead.rows[0];
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const BAD_FIRST = ["failed", "pending"];

  // --- how a figure is written ---------------------------------------------------------------

  const count = (n, digits = 0) => n.toLocaleString(words.language, {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  const filled = (template, values) =>
    template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const bytes = (size) => {
    for (const unit of words.units) {
      if (size < 999.95 || unit === words.units[4]) {
        return `${unit === words.units[0] ? count(size) : count(size, 1)} ${unit}`;
      }
      size /= 1000;
    }
    return "";
  };
  const seconds = (s) => (s < 10 ? `${count(s, 1)} s` : s < 60 ? `${Math.round(s)} s`
    : `${Math.floor(s / 60)} min ${String(Math.round(s) % 60).padStart(2, "0")} s`);
  const moment = (s) => {
    const when = new Date((data.began + s) * 1000);
    return Number.isNaN(when.getTime()) ? "" : when.toISOString().slice(0, 19).replace("T", " ");
  };

  // --- columns -------------------------------------------------------------------------------

  const nameOf = (row) => row[NAME] || words.itself;
  const statusRank = data.statuses.map((status) => {
    const bad = BAD_FIRST.indexOf(status);
    return bad < 0 ? status : String(bad);
  });
  const orders = new Map(); // by texts: their places in alphabetical order, worked out once
  const orderOf = (name, texts) => {
    if (!orders.has(name)) {
      const sorted = texts.map((text, n) => [text, n]).sort((a, b) => collator.compare(a[0], b[0]));
      const order = new Array(texts.length);
      let rank = -1, last;
      for (const [text, n] of sorted) {
        if (text !== last) rank += 1;
        last = text;
        order[n] = rank;
      }
      orders.set(name, order);
    }
    return orders.get(name);
  };
  const columns = [
    { name: words.columns[0], key: () => { const o = orderOf("status", statusRank); return (r) => o[r[STATUS]]; } },
    { name: words.columns[1], key: () => { const o = orderOf("name", rows.map(nameOf)); return (r, n) => o[n]; } },
    { name: words.columns[2], key: () => { const o = orderOf("dataset", data.datasets.map((d) => d[0])); return (r) => o[r[DATASET]]; } },
    { name: words.columns[3], key: () => { const o = orderOf("format", data.formats); return (r) => (r[FORMAT] < 0 ? null : o[r[FORMAT]]); } },
    { name: words.columns[4], number: true, key: () => (r) => r[SIZE] },
    { name: words.columns[5], number: true, key: () => (r) => r[SENT] },
    { name: words.columns[6], number: true, key: () => (r) => r[TOOK] },
    { name: words.columns[7] },
  ];

  // --- what is shown -------------------------------------------------------------------------

  let shown = rows.map((_, n) => n), from = 0, sortedBy = "", down = false;
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  let haystacks = null;
  const haystack = (n) => {
    haystacks ??= rows.map((row) => {
      const [title, , key] = data.datasets[row[DATASET]];
      return fold(`${row[NAME]}\n${row[SOURCE]}\n${title}\n${key}\n${data.sentences[row[SENTENCE]]}`);
    });
    return haystacks[n];
  };

  const choose = () => {
    const words = fold($("search").value).split(/\s+/).filter(Boolean);
    const status = $("by-status").value, format = $("by-format").value;
    shown = [];
    for (let n = 0; n < rows.length; n += 1) {
      if (status !== "" && rows[n][STATUS] !== Number(status)) continue;
      if (format !== "" && rows[n][FORMAT] !== Number(format)) continue;
      if (words.length && !words.every((word) => haystack(n).includes(word))) continue;
      shown.push(n);
    }
    if (sortedBy !== "") {
      const key = columns[sortedBy].key();
      const keys = rows.map(key), sign = down ? -1 : 1;
      // What is not known comes last, in whichever direction.
      shown.sort((a, b) => {
        const [x, y] = [keys[a], keys[b]];
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        return sign * (x - y) || a - b;
      });
    }
    from = 0;
    show();
  };

  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const link = (address, text) => {
    if (!address) return document.createTextNode(text);
    const made = element("a", text);
    made.href = address;
    made.rel = "noreferrer noopener";
    return made;
  };

  const line = (n) => {
    const row = rows[n], made = document.createElement("tr");
    const status = data.statuses[row[STATUS]], sentence = data.sentences[row[SENTENCE]];
    const [title, page] = data.datasets[row[DATASET]];
    const cells = [];
    cells[0] = element("span", words.statuses[row[STATUS]], `status is-${status}`);
    cells[2] = link(page, title);
    cells[3] = row[FORMAT] < 0 ? "" : data.formats[row[FORMAT]];
    cells[4] = row[SIZE] === null ? "" : bytes(row[SIZE]);
    cells[5] = row[SENT] === null ? "" : moment(row[SENT]);
    cells[6] = row[TOOK] === null ? "" : seconds(row[TOOK]);
    cells[7] = row[LINK] === null ? "" : link(data.prefix + row[LINK], words.permalink);
    columns.forEach((column, number) => {
      const cell = element("td", undefined, column.number ? "number" : "");
      cell.dataset.name = column.name;
      if (number === 1) {
        cell.className = "file";
        cell.append(nameOf(row));
        if (row[SOURCE]) cell.append(element("small", row[SOURCE]));
        if (sentence) cell.append(element("small", sentence, status === "failed" ? "bad" : ""));
      } else cell.append(cells[number]);
      made.append(cell);
    });
    return made;
  };

  const show = (most = PAGE) => {
    const until = Math.min(shown.length, from + most);
    const lines = [];
    for (let n = from; n < until; n += 1) lines.push(line(shown[n]));
    body.replaceChildren(...lines);
    const template = shown.length === rows.length ? words.rows : words.of_all;
    $("shown").textContent = !shown.length ? words.none : filled(template, {
      from: count(from + 1), until: count(until), n: count(shown.length), all: count(rows.length),
    });
    $("before").disabled = from === 0;
    $("after").disabled = until >= shown.length;
  };

  // --- controls ------------------------------------------------------------------------------

  const sortBy = (number, way) => {
    sortedBy = number;
    down = way;
    [...head.cells].forEach((cell, n) => {
      if (n === number) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    $("sort").value = number === "" ? "" : `${number} ${down ? "down" : "up"}`;
    choose();
  };
  const option = (select, value, text) => {
    const made = element("option", text);
    made.value = value;
    select.append(made);
  };
  option($("sort"), "", words.unsorted);
  columns.forEach((column, number) => {
    const cell = element("th", undefined, column.number ? "number" : "");
    cell.scope = "col";
    if (column.key) {
      const button = element("button", column.name);
      button.type = "button";
      button.addEventListener("click", () => sortBy(number, sortedBy === number && !down));
      cell.append(button);
      option($("sort"), `${number} up`, `${column.name} ↑`);
      option($("sort"), `${number} down`, `${column.name} ↓`);
    } else cell.textContent = column.name;
    head.append(cell);
  });
  const counts = (place, size) => {
    const found = new Array(size).fill(0);
    for (const row of rows) if (row[place] >= 0) found[row[place]] += 1;
    return found;
  };
  const filter = (select, texts, place) => {
    const found = counts(place, texts.length);
    texts.map((text, n) => [text, n]).sort((a, b) => found[b[1]] - found[a[1]])
      .forEach(([text, n]) => option(select, n, `${text} (${count(found[n])})`));
  };
  filter($("by-status"), words.statuses, STATUS);
  filter($("by-format"), data.formats, FORMAT);
  let waiting = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 120);
  });
  $("by-status").addEventListener("change", choose);
  $("by-format").addEventListener("change", choose);
  $("sort").addEventListener("change", () => {
    const [number, way] = $("sort").value.split(" ");
    sortBy(number === "" ? "" : Number(number), way === "down");
  });
  const turn = (by) => {
    from += by;
    show();
    $("rows").scrollIntoView({ block: "start" });
  };
  $("before").addEventListener("click", () => turn(-PAGE));
  $("after").addEventListener("click", () => turn(PAGE));
  $("controls").addEventListener("submit", (event) => event.preventDefault());

  // On paper there is no next page to click on.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
    show(MOST_PRINTED);
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
    show();
  });

  for (const id of ["controls", "rows", "pages"]) $(id).hidden = false;
  const failed = data.statuses.indexOf("failed");
  if (failed >= 0) sortBy(0, false);
  else choose();
})();
