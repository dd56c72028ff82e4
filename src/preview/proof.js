'use strict';
(() => {
  const proof = JSON.parse(document.getElementById('proof').textContent);
  const by = (id) => document.getElementById(id);
  const tabs = ['design', 'text', 'source', 'report'];
  let at = 0;
  let dark = false;

  // The mail decides by media query; here the switch decides, whatever the viewer's system prefers. Only style sheets
  // are touched: an article may quote such a query. Links are sent to a new window, which the sandbox never opens.
  const inScheme = (html, scrollbar) => {
    const query = (scheme) => new RegExp('\\(\\s*prefers-color-scheme\\s*:\\s*' + scheme + '\\s*\\)', 'gi');
    const styled = html.replace(/<style[\s\S]*?<\/style>/gi, (style) => style
      .replace(query('dark'), dark ? '(min-width:0px)' : '(max-width:0px)')
      .replace(query('light'), dark ? '(max-width:0px)' : '(min-width:0px)'));
    const ours = '<base target="_blank"><style>:root{color-scheme:' + (dark ? 'dark' : 'light') +
      ' !important;scrollbar-width:' + scrollbar + '}</style>';
    return /<\/head>/i.test(styled) ? styled.replace(/<\/head>/i, () => ours + '</head>') : ours + styled;
  };

  const showFrames = () => {
    for (const [id, scrollbar] of [['desktop', 'thin'], ['phone', 'none']]) {
      by(id).srcdoc = inScheme(proof.readers[at].html, scrollbar);
      by(id).classList.toggle('dark', dark);
    }
  };

  const showReader = (n) => {
    at = Math.max(0, Math.min(proof.readers.length - 1, n));
    const reader = proof.readers[at];
    by('reader-name').textContent = reader.name || 'A reader without a name';
    by('reader-address').textContent = reader.address;
    by('reader-count').textContent = (at + 1) + ' of ' + proof.readers.length +
      (proof.owed > proof.readers.length ? ' sample readers' : ' readers');
    by('previous').disabled = at === 0;
    by('next').disabled = at === proof.readers.length - 1;
    by('from').textContent = reader.from;
    by('initial').textContent = Array.from(reader.from.trim())[0] || '';
    by('subject').textContent = reader.subject;
    by('preheader').textContent = reader.preheader || 'no preheader: the first words of the article stand here';
    by('text-body').textContent = reader.text;
    by('source-body').textContent = reader.source;
    const files = by('files');
    files.replaceChildren('As files: ');
    for (const [n, end] of ['eml', 'html', 'txt'].entries()) {
      const link = document.createElement('a');
      link.href = encodeURIComponent(reader.files) + '.' + end;
      link.textContent = reader.files + '.' + end;
      files.append(n ? ', ' : '', link);
    }
    const remote = (reader.html.match(/<img\b[^>]*\bsrc="https?:/gi) || []).length;
    by('remote').hidden = remote === 0;
    by('remote').textContent = (remote === 1 ? 'One image is' : remote + ' images are') +
      ' on the web and not shown here: this page never goes online.';
    showFrames();
  };

  const setScheme = (value) => {
    dark = value;
    by('light').setAttribute('aria-pressed', String(!dark));
    by('dark').setAttribute('aria-pressed', String(dark));
    showFrames();
  };

  const showTab = (name, focus) => {
    for (const tab of tabs) {
      const button = by('tab-' + tab);
      button.setAttribute('aria-selected', String(tab === name));
      button.tabIndex = tab === name ? 0 : -1;
      by(tab).hidden = tab !== name;
    }
    document.querySelector('.switch').style.visibility = name === 'design' ? '' : 'hidden';
    if (focus) by('tab-' + name).focus();
    if (name === 'design') fit();
  };

  // A frame keeps its true width in pixels, so that the mail's own media queries hold, and is scaled to the room there is.
  const fit = () => {
    for (const [id, width] of [['desktop', 720], ['phone', 375]]) {
      const frame = by(id);
      const { clientWidth, clientHeight } = frame.parentElement;
      if (!clientWidth) continue;
      const scale = Math.min(1, clientWidth / width);
      frame.style.width = width + 'px';
      frame.style.height = clientHeight / scale + 'px';
      frame.style.transform = scale < 1 ? 'scale(' + scale + ')' : '';
    }
  };

  const element = (name, text, className) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  };

  const card = (title, wide) => {
    const node = element('section', undefined, wide ? 'card wide' : 'card');
    node.append(element('h2', title));
    by('report').append(node);
    return node;
  };

  const list = (rows) => {
    const node = element('dl');
    for (const [label, value] of rows) node.append(element('dt', label), element('dd', value));
    return node;
  };

  const count = (n) => n.toLocaleString('en');
  const size = (n) => n < 1024 ? count(n) + ' bytes' : n < 1048576 ? count(Math.ceil(n / 1024)) + ' KB' : (n / 1048576).toFixed(1) + ' MB';

  const showReport = () => {
    card('Who gets it').append(list([
      ['Rows in the list', count(proof.rows)],
      ...proof.excluded.map((left) => ['Left out: ' + left.reason, count(left.count)]),
      ['Will get it', count(proof.owed)],
    ]));
    const sizes = card('What they get');
    sizes.append(list([
      ['Editions', (proof.more_editions ? 'more than ' : '') + count(proof.editions)],
      ['Copies struck for this proof', count(proof.struck)],
      ['Largest message', size(proof.largest)],
      ['HTML of the largest on this page', size(proof.html_bytes)],
      ['Text of the largest on this page', size(proof.text_bytes)],
    ]));
    const findings = card('Findings', true);
    if (proof.findings.length === 0) findings.append(element('p', 'Nothing to mend.'));
    else {
      const items = element('ul', undefined, 'findings');
      for (const finding of proof.findings) {
        const item = element('li');
        item.append(element('span', finding.severity, 'severity ' + finding.severity), finding.message);
        if (finding.place) item.append(element('span', finding.place, 'help code'));
        for (const help of finding.help) item.append(element('span', help, 'help'));
        items.append(item);
      }
      findings.append(items);
    }
    const digest = card('Digest', true);
    digest.append(element('p', 'Article, theme and settings, in one number. As long as it stays the same, so does the mail.', 'quiet'), element('p', proof.digest, 'code'));
    const grave = proof.findings.filter((finding) => finding.severity !== 'note').length;
    by('badge').hidden = grave === 0;
    by('badge').textContent = grave;
    by('badge').setAttribute('aria-label', grave + ' to look at');
  };

  by('publication').textContent = proof.publication;
  by('title').textContent = proof.title;
  by('previous').onclick = () => showReader(at - 1);
  by('next').onclick = () => showReader(at + 1);
  by('light').onclick = () => setScheme(false);
  by('dark').onclick = () => setScheme(true);
  for (const tab of tabs) by('tab-' + tab).onclick = () => showTab(tab);
  const onKey = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !proof.readers.length || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.getAttribute?.('role') === 'tab') {
      const here = tabs.indexOf(event.target.id.slice(4));
      showTab(tabs[(here + step + tabs.length) % tabs.length], true);
    } else showReader(at + step);
    event.preventDefault();
  };
  document.addEventListener('keydown', onKey);
  for (const id of ['desktop', 'phone']) by(id).onload = () => by(id).contentDocument?.addEventListener('keydown', onKey);
  new ResizeObserver(fit).observe(document.body);
  showReport();
  if (proof.readers.length) {
    showReader(0);
    showTab('design');
  } else {
    document.querySelector('.stepper').hidden = true;
    document.querySelector('.inbox').hidden = true;
    for (const tab of ['design', 'text', 'source']) by('tab-' + tab).disabled = true;
    showTab('report');
  }
})();
