"""The script of the report page: copy buttons, a filter of the scenarios, and links into folded parts.

The page can be read without it; it loads nothing.
"""

SCRIPT = """
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const copy = async text => {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const area = document.body.appendChild(document.createElement('textarea'));
    area.value = text; area.select(); document.execCommand('copy'); area.remove();
  };
  for (const code of all('.rerun')) {
    const button = document.createElement('button');
    button.type = 'button'; button.textContent = 'copy'; button.className = 'copy';
    button.setAttribute('aria-label', 'copy the command');
    const text = code.textContent;
    button.onclick = async () => {
      await copy(text); button.textContent = 'copied'; setTimeout(() => button.textContent = 'copy', 1500);
    };
    code.append(button);
  }
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let node = target; node; node = node.parentElement) if (node.tagName === 'DETAILS') node.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener('hashchange', unfold); unfold();
  const bar = document.getElementById('filter');
  if (!bar) return;
  bar.hidden = false;
  const text = bar.querySelector('input'), outcome = bar.querySelector('select');
  const count = bar.querySelector('output');
  const apply = () => {
    const words = text.value.toLowerCase().split(/\\s+/).filter(Boolean), wanted = outcome.value;
    const active = words.length > 0 || wanted !== '';
    let shown = 0;
    for (const feature of all('.feature')) {
      let here = 0;
      const title = feature.querySelector('summary').textContent.toLowerCase();
      for (const item of all('.scenario', feature)) {
        const rule = item.closest('.rule') ? item.closest('.rule').firstElementChild.textContent : '';
        const content = (title + ' ' + rule + ' ' + item.textContent).toLowerCase();
        const match = words.every(word => content.includes(word))
          && (wanted === '' || item.dataset.outcome === wanted);
        item.hidden = !match; here += match;
      }
      for (const rule of all('.rule', feature)) rule.hidden = !all('.scenario:not([hidden])', rule).length;
      feature.hidden = here === 0; shown += here;
      if (active) feature.open = here > 0 && shown <= 200;
    }
    count.textContent = active ? shown + ' shown' : '';
  };
  text.oninput = outcome.oninput = apply;
})();
"""
