/// Matrix products, embedding and convolution.
package dev.gatun.op.linear;
