// What llama.cpp's cells ask of std::set, with the numbers in one row of memory.
//
// A fork of a sequence adds a number for each of its cells, and a fresh start drops those of all sequences.
// As nodes of trees they cost some milliseconds, much more than a token of a small model. Nearly always numbers
// come and go at an end, where neither moves the others.

#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

template <typename T> class SortedRow {
  public:
    using const_iterator = typename std::vector<T>::const_iterator;

    const_iterator begin() const { return items.begin() + first; }
    const_iterator end() const { return items.end(); }
    std::reverse_iterator<const_iterator> rbegin() const { return std::reverse_iterator<const_iterator>(end()); }
    std::size_t size() const { return items.size() - first; }
    bool empty() const { return size() == 0; }
    const_iterator upper_bound(const T &item) const { return std::upper_bound(begin(), end(), item); }

    void clear() {
        items.clear();
        first = 0;
    }

    void insert(const T &item) {
        if (empty() || items.back() < item) {
            items.push_back(item);
        } else if (first && item < *begin()) {
            items[--first] = item;
        } else if (const auto place = std::lower_bound(begin(), end(), item); item < *place) {
            items.insert(place, item);
        }
    }

    std::size_t erase(const T &item) {
        const auto place = std::lower_bound(begin(), end(), item);
        if (place == end() || item < *place) return 0;
        if (place == begin()) {
            ++first;
        } else {
            items.erase(place);
        }
        if (empty()) clear();
        return 1;
    }

  private:
    std::vector<T> items;
    std::ptrdiff_t first = 0;
};
