/// Layers with named parameters.
package dev.gatun.nn;
