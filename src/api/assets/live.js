// What keeps a page live: streams that rest while nobody looks, and changes that leave a reader's own alone. The last of the
// scripts that come after the first paint.
(() => {
  'use strict';
  // What a reader opened stays open, and what somebody types stays typed, when a live part changes.
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
    !((name === 'open' && element.localName === 'details') || (name === 'value' && element.matches('input, textarea')));

  // What was fetched into a live part isn't part of what is sent for it.
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (element) => !element.hasAttribute?.('data-keep');

  // A browser opens six connections to a server at most: pages in the background must not hold them. One that is being
  // left breaks its stream off, which is no error.
  const sources = new Set();
  let leaving = false, resting = false;
  addEventListener('beforeunload', () => { leaving = true; setTimeout(() => { leaving = false; }, 3000); });
  htmx.createEventSource = (url) => {
    const source = new EventSource(url);
    source.addEventListener('error', (event) => { if (leaving) event.stopImmediatePropagation(); });
    for (const other of sources) if (other.readyState === EventSource.CLOSED) sources.delete(other);
    sources.add(source);
    if (resting) source.close();
    return source;
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      for (const source of sources) source.close();
      resting = true;
    } else if (resting) {
      resting = false;
      for (const region of document.querySelectorAll('[sse-connect]')) {
        // Another attribute makes htmx look at the element anew.
        region.dataset.seen = String(Date.now());
        htmx.process(region);
      }
    }
  });
  document.addEventListener('htmx:sseOpen', (event) => event.target.classList.remove('away'));
  document.addEventListener('htmx:sseError', (event) => event.target.classList.add('away'));

  // Until here htmx was told to leave the page alone: it begins as soon as it is there, and knew neither streams nor morphing.
  document.body.removeAttribute('hx-disable');
  htmx.process(document.body);

  // What was opened, typed or chosen before somebody listened.
  for (const opened of document.querySelectorAll('details[hx-get][open]')) htmx.trigger(opened, 'toggle');
  const changed = (field) => (field.localName === 'select'
    ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected))
    : field.value !== field.defaultValue || field.checked !== field.defaultChecked);
  for (const form of document.querySelectorAll('form[hx-get]')) {
    if ([...form.querySelectorAll('input, select')].some(changed)) htmx.trigger(form, 'input');
  }
})();
