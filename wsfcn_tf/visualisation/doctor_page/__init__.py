"""What doctor found, as one HTML page with thumbnails that needs nothing else: no network, no other file."""

from wsfcn_tf.visualisation.doctor_page.page import write_page

__all__ = ["write_page"]
