# Plain C comments to Doxygen's: the file's own, those that head sections
# (dropped), those in front of something, and those behind something.
1s|^/\* |/** @file\n * |
/^\/\* ---- /d
s|^\( *\)/\* |\1/** |
s|^\( *[^ /*#].*[^ ]\)  */\* |\1 /**< |
