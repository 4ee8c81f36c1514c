// What the pages do beyond HTML before anything is drawn: times in the reader's zone and always fresh, strips, choices,
// keys. What keeps pages live comes after the first paint. Everything can be read and every form works without either.
(() => {
  'use strict';
  const root = document.documentElement;
  const MINUTE = 60, HOUR = 3600, DAY = 86400;

  // A length of time in its two largest units, as the server writes it.
  const units = (seconds) => {
    if (seconds < MINUTE) return `${Math.floor(seconds)} s`;
    const [large, small, big, little] = seconds < HOUR ? [MINUTE, 1, 'm', 's'] : seconds < DAY ? [HOUR, MINUTE, 'h', 'm'] : [DAY, HOUR, 'd', 'h'];
    return `${Math.floor(seconds / large)} ${big} ${Math.floor((seconds % large) / small)} ${little}`;
  };

  // How long ago or ahead, in one unit, as the server writes it.
  const relative = (seconds) => {
    const past = seconds >= 0, span = Math.abs(seconds);
    if (span < 5) return 'now';
    const [size, name] = span < MINUTE ? [1, 's'] : span < 2 * HOUR ? [MINUTE, 'min'] : span < 2 * DAY ? [HOUR, 'h'] : [DAY, 'd'];
    const text = `${Math.floor(span / size)} ${name}`;
    return past ? `${text} ago` : `in ${text}`;
  };

  // The same as the server writes it of something that is over.
  const took = (ms) => (ms < 1000 ? `${ms} ms` : ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : units(ms / 1000));

  const two = (number) => String(number).padStart(2, '0');
  // In a zone by its name: the Swedish write dates as we do.
  const inZone = (date, zone) => {
    const words = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(date);
    return zone === 'UTC' ? `${words} UTC` : words;
  };
  const absolute = (date) => {
    const offset = -date.getTimezoneOffset(), sign = offset < 0 ? '-' : '+', size = Math.abs(offset);
    const zone = offset === 0 ? 'UTC' : `${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
  };

  // The server's clock rules: a reader's may be wrong.
  const ahead = Number(root.dataset.now) * 1000 - Date.now();
  const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const tell = () => {
    const now = Date.now() + ahead, local = root.dataset.zone === 'local';
    for (const element of document.querySelectorAll('time[datetime]')) {
      const at = new Date(element.dateTime);
      if (local) {
        const text = absolute(at);
        if (element.title !== text) element.title = text;
        if (element.classList.contains('at')) write(element, text.slice(0, element.dataset.length || 16));
      }
      if (element.classList.contains('ago')) write(element, relative((now - at) / 1000));
      if (element.classList.contains('since')) write(element, units(Math.max(0, (now - at) / 1000)));
    }
  };
  tell();
  setInterval(tell, 1000);
  document.addEventListener('htmx:afterSettle', tell);
  document.addEventListener('htmx:sseMessage', tell);

  // A strip is drawn as one; the bar under the pointer says what it is, and the strip leads to its run.
  const STEP = 7;
  const pointed = (event) => {
    const strip = event.target.closest?.('.strip');
    if (!strip) return;
    const runs = strip.dataset.runs.split(';'), edge = strip.getBoundingClientRect();
    const empty = Math.round(edge.width / STEP) - (runs.length - 1), place = Math.floor((event.clientX - edge.left) / STEP);
    const [id, state, ms, at] = (runs[place - empty] ?? '').split(' ');
    strip.dataset.job ??= strip.getAttribute('href');
    strip.style.setProperty('--bar', id ? `${place * STEP}px` : '-1rem');
    strip.setAttribute('href', id ? `/runs/${id}` : strip.dataset.job);
    if (!id) return void (strip.title = '');
    const date = new Date(at * 1000), zone = root.dataset.zone === 'utc' ? 'UTC' : strip.dataset.zone;
    strip.title = [state, ...(ms ? [took(Number(ms))] : []), zone ? inZone(date, zone) : absolute(date)].join(' · ');
  };
  for (const kind of ['pointermove', 'pointerdown']) document.addEventListener(kind, pointed, { passive: true });

  // A log shows its end as it grows, unless its reader has scrolled up; a link to an entry is kept to.
  const atEnd = new WeakMap();
  const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 8;
  for (const log of document.querySelectorAll('.log')) if (!location.hash.startsWith('#log-')) log.scrollTop = log.scrollHeight;
  document.addEventListener('htmx:sseBeforeMessage', (event) => {
    for (const log of event.target.querySelectorAll?.('.log') ?? []) atEnd.set(log, isAtEnd(log));
  });
  document.addEventListener('htmx:sseMessage', (event) => {
    for (const log of event.target.querySelectorAll?.('.log') ?? []) if (atEnd.get(log)) log.scrollTop = log.scrollHeight;
  });

  // Choices that are made by choosing; the button beside them is for readers without JavaScript.
  for (const form of document.querySelectorAll('form[data-choose], form[hx-get]')) {
    form.querySelector('button')?.setAttribute('hidden', '');
    if (form.matches('[data-choose]')) form.addEventListener('change', () => form.requestSubmit());
  }

  // "/" goes to the filter, as in most tools of this kind.
  document.addEventListener('keydown', (event) => {
    const typing = event.target.matches('input, textarea, select');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const filter = document.querySelector('input[type="search"]');
    if (filter) { event.preventDefault(); filter.focus(); filter.select(); }
  });

  // The rest is large and changes nothing that is seen at first: it is asked for once the page is drawn, which one in the
  // background is when somebody looks at it. Without `async: false` it would run in the order in which it arrives.
  const late = document.currentScript.dataset.late.split(' ');
  const rest = () => {
    for (const url of late) document.head.append(Object.assign(document.createElement('script'), { src: url, async: false }));
  };
  addEventListener('load', () => requestAnimationFrame(() => setTimeout(rest)), { once: true });
})();
