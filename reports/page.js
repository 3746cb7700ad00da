'use strict';
// Without this script the page has everything but sorting and filtering.

// value is what a cell sorts by: its figure in base units, or its text.
const value = cell => cell.dataset.value === undefined ? NaN : Number(cell.dataset.value);

// compare orders rows by a column; cells without a figure come last either way.
function compare(column, sign) {
  return (a, b) => {
    const x = a.cells[column], y = b.cells[column], p = value(x), q = value(y);
    if (isNaN(p) && isNaN(q)) return sign * x.textContent.localeCompare(y.textContent, 'en', {numeric: true});
    if (isNaN(p) || isNaN(q)) return isNaN(p) - isNaN(q);
    return sign * (p - q);
  };
}

// sortable gives the columns of a table buttons: ascending, descending, and the order of the report again.
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const original = [...table.tBodies].map(body => [body, [...body.rows]]);
  const rows = original.flatMap(([, list]) => list).filter(row => !row.classList.contains('family'));
  if (rows.length < 2) return;
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const next = {ascending: 'descending', descending: ''}[head.getAttribute('aria-sort')] ?? 'ascending';
      heads.forEach(h => h.removeAttribute('aria-sort'));
      table.classList.toggle('sorted', next !== '');
      for (const [body, list] of original) body.append(...list);
      if (next === '') return;
      head.setAttribute('aria-sort', next);
      table.tBodies[0].append(...rows.toSorted(compare(column, next === 'ascending' ? 1 : -1)));
    });
  });
}

// filterable shows the rows of a section's tables that have all words in their name, family, title or setting.
function filterable(form) {
  const tables = [...form.parentElement.querySelectorAll('.one')].map(box => ({
    box, rows: [...box.querySelectorAll('tbody tr:not(.family)')].map(row => {
      const family = row.dataset.family || row.parentElement.dataset.family || '';
      const title = box.querySelector('h4').textContent + ' ' + box.querySelector('caption').textContent;
      return {row, family, text: `${row.cells[0].textContent} ${family} ${title}`.toLowerCase()};
    }), heads: [...box.querySelectorAll('tbody tr.family')],
  }));
  const [input, select, output] = ['input', 'select', 'output'].map(name => form.querySelector(name));
  for (const family of new Set(tables.flatMap(t => t.rows.map(r => r.family)))) {
    if (family) select.add(new Option(family));
  }
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0, all = 0;
    for (const {box, rows, heads} of tables) {
      let any = false;
      const families = new Set();
      for (const {row, family, text} of rows) {
        row.hidden = (select.value && select.value !== family) || !words.every(word => text.includes(word));
        all++;
        if (row.hidden) continue;
        any = true, shown++;
        families.add(family);
      }
      for (const head of heads) head.hidden = !families.has(head.parentElement.dataset.family);
      box.hidden = !any;
    }
    output.value = shown === all ? '' : `${shown} of ${all} rows`;
  };
  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('input', apply);
  form.hidden = false;
}

document.querySelectorAll('form.filter').forEach(filterable);
document.querySelectorAll('table').forEach(sortable);
