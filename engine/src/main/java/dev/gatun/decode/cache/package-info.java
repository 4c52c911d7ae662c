/// Caches of keys and values for decoding: memory is allocated once and written in place.
package dev.gatun.decode.cache;
