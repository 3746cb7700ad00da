// Run in a page, this returns what keeps people from reading it, one line each.
const found = new Set();
const visible = e => e.checkVisibility({visibilityProperty: true, opacityProperty: true});

// Colours, as red, green, blue and opacity, from 0 to 1.
const parse = text => {
  const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
  return [r / 255, g / 255, b / 255, a];
};
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const ground = e => {
  let layers = [];
  for (; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
  const canvas = matchMedia('(prefers-color-scheme: dark)').matches && !matchMedia('print').matches ? 0.07 : 1;
  return layers.reverse().reduce((below, top) => over(top, below), [canvas, canvas, canvas, 1]);
};

// Contrast of every text, those of charts too (WCAG 2.2, 1.4.3).
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let texts = 0;
for (let node = walk.nextNode(); node; node = walk.nextNode()) {
  const e = node.parentElement;
  if (!node.data.trim() || e.closest('script, style, title, desc') || !visible(e)) continue;
  const style = getComputedStyle(e), svg = e instanceof SVGElement, back = ground(e);
  const colour = parse(svg ? style.fill : style.color);
  if (svg) colour[3] *= Number(style.fillOpacity);
  const [a, b] = [luminance(over(colour, back)), luminance(back)];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  texts++;
  if (contrast < 4.5) found.add(`contrast ${contrast.toFixed(2)} of ${e.tagName}.${e.className.baseVal ?? e.className}: ${node.data.trim()}`);
}
if (texts < 100) found.add(`only ${texts} texts are visible`);

// Language, title, landmarks, headings.
if (!document.documentElement.lang) found.add('the page has no language');
if (!document.title) found.add('the page has no title');
if (document.querySelectorAll('main').length !== 1) found.add('the page has not one main part');
if (document.querySelectorAll('h1').length !== 1) found.add('the page has not one h1');
let level = 0;
for (const h of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
  const next = Number(h.tagName[1]);
  if (next > level + 1) found.add(`heading ${h.textContent}: level ${next} under ${level}`);
  if (!h.textContent.trim()) found.add('a heading is empty');
  level = next;
}

// Tables: captions, and headers that say what they head.
for (const table of document.querySelectorAll('table')) {
  const name = table.caption?.textContent.trim();
  if (!name) found.add('a table has no caption');
  for (const th of table.querySelectorAll('th')) {
    if (!['col', 'row', 'rowgroup'].includes(th.scope)) found.add(`${name}: a header without scope: ${th.textContent}`);
    if (!th.textContent.trim()) found.add(`${name}: an empty header`);
    const lines = th.textContent.length * 8 / th.clientWidth; // a letter is about 8 pixels wide
    if (visible(th) && lines > 4) found.add(`${name}: squeezed into ${Math.ceil(lines)} lines: ${th.textContent}`);
  }
  for (const row of table.querySelectorAll('tbody tr')) {
    if (row.cells[0].tagName !== 'TH') found.add(`${name}: a row without header`);
  }
}

// Pictures have names and descriptions, controls have names, what scrolls can be reached, ids are one each.
for (const svg of document.querySelectorAll('svg')) {
  if (svg.getAttribute('role') !== 'img' || !svg.querySelector('title')?.textContent) found.add('a picture has no name');
  if (!svg.querySelector('desc')?.textContent) found.add('a picture has no description');
}
for (const img of document.querySelectorAll('img:not([alt])')) found.add(`${img.src} has no alternative`);
for (const e of document.querySelectorAll('input, select')) if (!e.labels.length) found.add('a control has no label');
for (const e of document.querySelectorAll('button, a')) {
  if (!e.textContent.trim()) found.add('a button or link is empty');
  if (e.tabIndex < 0) found.add(`${e.textContent} cannot be reached by key`);
}
for (const a of document.querySelectorAll('a[href^="#"]')) {
  if (!document.getElementById(a.hash.slice(1))) found.add(`${a.hash} leads nowhere`);
}
for (const e of document.querySelectorAll('.scroll')) {
  if (e.scrollWidth > e.clientWidth && e.tabIndex < 0) found.add('a scrolling table cannot be reached by key');
}
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
if (new Set(ids).size !== ids.length) found.add('two elements have one id');

// The page itself never scrolls sideways.
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (wide > 0) found.add(`the page is ${wide} pixels too wide`);
return [...found].slice(0, 20);
