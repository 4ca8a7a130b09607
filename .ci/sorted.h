// What llama.cpp's cells ask of std::set, with the numbers in rows of memory.
//
// A fork of a sequence adds a number for each of its cells, a cut drops those of its end, and a fresh start
// those of all sequences. As nodes of trees they cost some milliseconds, much more than a token of a small
// model. Nearly always a number comes or goes beside the one before: so what is larger than that stands
// apart, the smallest last, and whatever is between here and there is moved from one row to the other.

#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

template <typename T> class SortedRow {
  public:
    using const_iterator = typename std::vector<T>::const_iterator;

    // Iterators hold until the next change.
    const_iterator begin() const { return whole().begin(); }
    const_iterator end() const { return whole().end(); }
    const_iterator upper_bound(const T &item) const { return std::upper_bound(begin(), end(), item); }
    std::size_t size() const { return below.size() + above.size(); }
    bool empty() const { return size() == 0; }

    // The largest, and no way on from there.
    const T *rbegin() const { return above.empty() ? &below.back() : &above.front(); }

    void clear() {
        below.clear();
        above.clear();
    }

    void insert(T item) {
        part(item);
        if (above.empty() || item < above.back()) below.push_back(item);
    }

    std::size_t erase(T item) {
        part(item);
        if (above.empty() || item < above.back()) return 0;
        above.pop_back();
        return 1;
    }

  private:
    static void move(std::vector<T> &from, std::vector<T> &to) {
        to.push_back(from.back());
        from.pop_back();
    }

    // Lets what is smaller than a number be below, and the others above.
    void part(T item) {
        while (!above.empty() && above.back() < item) move(above, below);
        while (!below.empty() && !(below.back() < item)) move(below, above);
    }

    const std::vector<T> &whole() const {
        while (!above.empty()) move(above, below);
        return below;
    }

    mutable std::vector<T> below, above;
};
