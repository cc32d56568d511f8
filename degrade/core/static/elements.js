"use strict";
// An element with its properties, data and children.

function make(tag, options = {}, ...children) {
  const { data = {}, ...properties } = options;
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}

