// Draws the charts: their options are JSON beside them, and this puts in what JSON cannot hold.
"use strict";
(() => {
  const palettes = {
    light: {
      text: "#1d2530", soft: "#5b6674", line: "#dfe3e8", axis: "#9aa5b1", card: "#ffffff",
      revenue: "#2767a8", revenuePale: "#a9c6e3", orders: "#c8741c", women: "#b14a7c", men: "#2f7f86",
      heat0: "#f1f5fa", heat1: "#a9c6e3", heat2: "#4688c2", heat3: "#133f70",
      low1: "#9a5a0b", low0: "#e3b679", middle: "#f3f3f1", high0: "#8fb8dd", high1: "#1d5c9c",
      grade0: "#b08a5f", grade1: "#8397ab", grade2: "#dfb03a", grade3: "#6d4a9c",
      pay0: "#2767a8", pay1: "#3f9b6c", pay2: "#f0cf4d", pay3: "#8a94a0",
      onPay0: "#ffffff", onPay1: "#ffffff", onPay2: "#1d2530", onPay3: "#ffffff", onEvent: "#1d2530",
      event0: "#f3c9a5", event1: "#b9d5ef", event2: "#c9e3b8", event3: "#e5c3da",
      event4: "#f1e3a0", event5: "#bfe0dc", event6: "#d6cbec", event7: "#eebcb9",
    },
    dark: {
      text: "#e8ecf1", soft: "#a3afbd", line: "#313a46", axis: "#5d6978", card: "#1b212a",
      revenue: "#74b1ee", revenuePale: "#3d5f82", orders: "#e8a155", women: "#df86b0", men: "#5fb9bf",
      heat0: "#222b37", heat1: "#2b527b", heat2: "#4a93d6", heat3: "#c6e2ff",
      low1: "#e0a050", low0: "#7d5c31", middle: "#2b323c", high0: "#3a648d", high1: "#7fbdf7",
      grade0: "#b8946a", grade1: "#93a7bb", grade2: "#e6bb4e", grade3: "#a584d6",
      pay0: "#5d9fdf", pay1: "#58b386", pay2: "#e8ca55", pay3: "#8b96a3",
      onPay0: "#10151b", onPay1: "#10151b", onPay2: "#10151b", onPay3: "#10151b", onEvent: "#f3f5f8",
      event0: "#7a4f2b", event1: "#2f557a", event2: "#456a33", event3: "#703f62",
      event4: "#6f6326", event5: "#2d6863", event6: "#56467f", event7: "#7a3f3c",
    },
  };

  const grouped = (n) => Math.round(n).toLocaleString("en-US");
  // As `money::short` of the program.
  const won = (amount) => {
    const size = Math.abs(amount), sign = amount < 0 ? "-" : "";
    const unit = [[1e12, "조"], [1e8, "억"], [1e4, "만"]].find(([unit]) => size >= unit * 0.99995);
    if (!unit) return `${sign}₩${grouped(size)}`;
    const value = size / unit[0];
    const digits = value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : grouped(value);
    return `${sign}₩${digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits}${unit[1]}`;
  };
  const wonExact = (amount) => (amount == null ? "–" : `${amount < 0 ? "-" : ""}₩${grouped(Math.abs(amount))}`);
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
  const weekday = (date) => weekdays[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7];

  // Functions by name; each gets the option it stands in.
  const functions = {
    won: () => won,
    wonExact: () => wonExact,
    count: () => grouped,
    percent: () => (share) => `${+(share * 100).toFixed(1)} %`,
    percentAbove: () => (point) => `${(point.value * 100).toFixed(point.value < 0.1 ? 1 : 0)} %`,
    percentInside: () => (point) => (point.value < 0.035 ? "" : `${Math.round(point.value * 100)} %`),
    ratio: () => (place) => `${(2 ** place).toFixed(1)} ×`,
    roomForLabel: () => (range) => range.max * 1.22,
    monthOfDate: () => (date) => months[+date.slice(5, 7) - 1],
    firstOfMonth: () => (_, date) => date.endsWith("-01"),
    day: (option) => (points) => {
      const [date, index] = [points[0].axisValue, points[0].dataIndex];
      const event = option.shopEvents[index];
      const line = (p) => `${p.marker} ${escape(p.seriesName)}: <b>${/Orders/.test(p.seriesName) ? grouped(p.value) : wonExact(p.value)}</b>`;
      return [`${weekday(date)}, ${date}`, event ? `Scenario: <b>${escape(event)}</b>` : "An ordinary day", ...points.map(line)].join("<br>");
    },
    hourCell: () => ({ value: [hour, day, orders] }) =>
      `${weekdays[day]}, ${String(hour).padStart(2, "0")}:00–${String(hour).padStart(2, "0")}:59<br><b>${grouped(orders)}</b> orders`,
    seasonCell: (option) => ({ value: [month, category, , index] }) =>
      `${escape(option.yAxis.data[category])}, ${months[month]}<br><b>${index.toFixed(2)}</b> times its usual share`,
    move: () => (point) =>
      point.dataType === "edge"
        ? `${point.data.source.slice(0, -1)} → ${point.data.target.slice(0, -1)}<br><b>${grouped(point.value)}</b> moves`
        : `${point.name.slice(0, -1)}, ${point.name.endsWith("0") ? "before" : "after"}<br><b>${grouped(point.value)}</b> moves`,
  };

  // Below this width, the labels above columns would run into each other.
  const narrow = 480;

  // Names stand only where a colour or a function belongs: data may hold any text.
  const takesFunction = new Set(["formatter", "valueFormatter", "interval", "max"]);
  const fill = (option, palette, width) => {
    const walk = (value, key) => {
      if (Array.isArray(value)) return value.map((part) => walk(part, key));
      if (value && typeof value === "object") {
        if (key === "label" && value.position === "top" && width < narrow) return { show: false };
        return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, walk(part, name)]));
      }
      if (typeof value !== "string") return value;
      if (/color$/i.test(key) && value[0] === "$") return palette[value.slice(1)];
      if (takesFunction.has(key) && value[0] === "@") return functions[value.slice(1)](option);
      return value;
    };
    return walk(option, "");
  };

  // Names of scenarios lie or stand, by the room that their days leave; the shortest stay without.
  const fitBands = (option, width) => {
    const perDay = (width - 76) / option.shopEvents.length;
    for (const [from, to] of option.series.find((series) => series.markArea).markArea.data) {
      const room = (to.xAxis - from.xAxis) * perDay;
      from.label = { show: room >= 12, rotate: from.name.length * 6.2 + 6 < room ? 0 : 90 };
    }
  };

  const theme = (p) => {
    const axis = {
      axisLine: { lineStyle: { color: p.axis } }, axisTick: { lineStyle: { color: p.axis } },
      axisLabel: { color: p.soft }, splitLine: { lineStyle: { color: p.line } },
      nameTextStyle: { color: p.soft, align: "left", padding: [0, 0, 0, 0] },
    };
    return {
      darkMode: p === palettes.dark,
      color: [p.revenue, p.orders, p.men, p.women], backgroundColor: "transparent",
      textStyle: { color: p.text, fontFamily: getComputedStyle(document.body).fontFamily },
      title: { textStyle: { color: p.soft } },
      legend: { textStyle: { color: p.soft }, itemWidth: 14, itemHeight: 10 },
      tooltip: {
        backgroundColor: p.card, borderColor: p.line, textStyle: { color: p.text, fontSize: 13 }, confine: true,
      },
      visualMap: { textStyle: { color: p.soft } },
      categoryAxis: { ...axis, splitLine: { show: false } }, valueAxis: { ...axis, axisLine: { show: false } },
    };
  };

  const root = document.documentElement;
  const asked = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  let printing = false;
  const scheme = () => (printing ? "light" : chosen ?? (asked.matches ? "dark" : "light"));
  const figures = [...document.querySelectorAll("figure[data-chart]")].map((figure) => ({
    element: figure.querySelector(".chart"),
    height: parseInt(figure.querySelector(".chart").style.height, 10),
    option: JSON.parse(figure.querySelector("script").textContent),
    chart: null,
  }));

  const draw = (width) => {
    const palette = palettes[scheme()];
    if (!printing) root.dataset.theme = scheme();
    for (const figure of figures) {
      figure.chart?.dispose();
      // On paper a little lower, so that two or three stand on a sheet.
      figure.element.style.height = `${Math.round(figure.height * (printing ? 0.78 : 1))}px`;
      const room = width ?? figure.element.clientWidth;
      if (figure.option.shopEvents) fitBands(figure.option, room);
      figure.chart = echarts.init(figure.element, theme(palette), { renderer: "svg", ...(width && { width }) });
      figure.chart.setOption({ animation: false, ...fill(figure.option, palette, room) });
    }
  };

  const button = document.getElementById("theme");
  button.hidden = false;
  const label = () => (button.textContent = scheme() === "dark" ? "Light colours" : "Dark colours");
  button.addEventListener("click", () => {
    chosen = scheme() === "dark" ? "light" : "dark";
    draw();
    label();
  });
  asked.addEventListener("change", () => { draw(); label(); });

  let width = root.clientWidth;
  let waiting = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    // A change of height alone (a phone's bars) changes no chart.
    waiting = requestAnimationFrame(() => {
      if (printing || root.clientWidth === width) return;
      width = root.clientWidth;
      draw();
    });
  });
  // A sheet of A4 within its margins, less a card's padding; paper is light.
  window.addEventListener("beforeprint", () => { printing = true; draw(670); });
  window.addEventListener("afterprint", () => { printing = false; draw(); });

  draw();
  label();
  root.dataset.drawn = String(figures.length);
})();
