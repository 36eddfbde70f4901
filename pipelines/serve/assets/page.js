// Charts of Apache ECharts in the colours of the style sheet, copying of SQL, and the key for the search.
"use strict";
(function () {
  const root = document.documentElement;
  const drawn = [];

  function style(name) {
    return getComputedStyle(root).getPropertyValue(name).trim();
  }

  function theme() {
    const ink = style("--ink"), soft = style("--soft"), line = style("--line"), card = style("--card");
    const axis = {
      axisLabel: { color: ink, hideOverlap: true }, axisLine: { lineStyle: { color: line } },
      axisTick: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line } },
    };
    return {
      color: style("--series").split(" "),
      backgroundColor: "transparent",
      textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily },
      legend: { textStyle: { color: ink }, pageIconColor: soft, pageTextStyle: { color: ink } },
      timeAxis: Object.assign({}, axis, { splitLine: { show: false } }), categoryAxis: axis, valueAxis: axis,
      bar: { label: { color: ink, textBorderColor: card, textBorderWidth: 3 } },
      scatter: { label: { color: ink, textBorderColor: card, textBorderWidth: 3 } },
      geo: { itemStyle: { areaColor: line, borderColor: card }, label: { color: ink } },
      // Text of pages is in tooltips: drawn as text, never as HTML.
      tooltip: { backgroundColor: card, borderColor: line, textStyle: { color: ink } },
    };
  }

  function draw(place) {
    const option = JSON.parse(place.querySelector("script").textContent);
    if (option.tooltip) Object.assign(option.tooltip, { renderMode: "richText", confine: true });
    option.animation = false;
    if (option.geo) { // the circles shrink with the map
      const scale = Math.min(1, place.clientWidth / 800);
      option.series.forEach(function (series) {
        series.data.forEach(function (point) { point.symbolSize *= scale; });
      });
    }
    const chart = echarts.init(place, theme(), { renderer: "canvas" });
    chart.setOption(option);
    chart.on("click", function (event) {
      const address = event.data && event.data.address;
      if (address && address.startsWith("/") && root.dataset.links !== "no") window.location.assign(address);
    });
    drawn.push(chart);
  }

  function drawAll() {
    const places = Array.from(document.querySelectorAll(".canvas"));
    const maps = places.filter(function (place) { return place.textContent.includes('"geo"'); });
    places.forEach(function (place) {
      const highest = maps.includes(place) ? place.clientWidth * 0.8 : Infinity; // a phone has no room above a map
      place.style.height = Math.min(Number(place.dataset.height), highest) + "px";
    });
    places.filter(function (place) { return !maps.includes(place); }).forEach(draw);
    if (!maps.length) return;
    fetch("/assets/world.json").then(function (answer) { return answer.json(); }).then(function (world) {
      echarts.registerMap("world", world);
      maps.forEach(draw);
    });
  }

  function start() {
    if (window.echarts) drawAll();
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { window.location.reload(); });
    window.addEventListener("resize", function () { drawn.forEach(function (chart) { chart.resize(); }); });
    document.querySelectorAll("button.copy").forEach(function (button) {
      button.addEventListener("click", function () {
        const statement = button.closest("section").querySelector("pre").textContent;
        navigator.clipboard.writeText(statement).then(function () { button.textContent = button.dataset.copied; });
      });
    });
    document.addEventListener("keydown", function (event) {
      const field = document.getElementById("q");
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
      if (event.key === "/" && field && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        field.focus();
        field.select();
      }
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
