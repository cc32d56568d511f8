from .core.arrays import read_image as read_image
from .core.arrays import write_image as write_image
from .core.errors import InputError as InputError
from .operators.chain import replay_image as replay_image
from .recipes.degrade_image import degrade_image as degrade_image
from .recipes.library import find_recipe as find_recipe
from .recipes.library import list_recipes as list_recipes
from .splits.make_split import make_split as make_split
from .splits.split import load_split as load_split

__version__: str
