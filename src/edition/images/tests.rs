//! Tests of images with files made here.
